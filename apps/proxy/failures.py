"""What can go wrong between us and a provider, before and after its first byte."""

from apps.kernel.errors import NetraError


class UpstreamFailure(NetraError):
    """The provider gave no usable answer. `is_after_answer`: its head had arrived already."""

    code = "upstream_failed"
    http_status = 502
    message = "The provider gave no usable answer. Try again, or give this model a fallback route."


class ConnectFailed(UpstreamFailure):
    code = "upstream_connect_failed"
    message = (
        "The provider cannot be reached. Check the credential's base URL and the provider's "
        "status page, or give this model a fallback route."
    )


class ConnectTimeout(UpstreamFailure):
    code = "upstream_connect_timeout"
    http_status = 504
    message = "The provider did not accept a connection in time. Try again."


class FirstByteTimeout(UpstreamFailure):
    code = "upstream_first_byte_timeout"
    http_status = 504
    message = (
        "The provider did not begin to answer in time. Try again, or raise first_byte_ms of "
        "this model's route."
    )


class IdleTimeout(UpstreamFailure):
    code = "upstream_idle_timeout"
    http_status = 504
    message = (
        "The provider stopped in the middle of its answer. Try again, or raise idle_ms of this "
        "model's route."
    )


class TotalTimeout(UpstreamFailure):
    code = "upstream_total_timeout"
    http_status = 504
    message = (
        "The call took longer than it may. Ask for less, or raise total_ms of this model's route."
    )


class Truncated(UpstreamFailure):
    code = "upstream_truncated"
    message = "The provider's answer broke off before its end. Try again."


class InvalidAnswer(UpstreamFailure):
    code = "upstream_invalid_answer"
    message = "The provider answered with something that is no answer to this call. Try again."


class AnswerTooLarge(UpstreamFailure):
    code = "upstream_answer_too_large"
    message = "The provider's answer is larger than this gateway holds in memory. Stream it."


class Stopped(NetraError):
    code = "gateway_stopped"
    http_status = 503
    message = "The gateway was stopped in the middle of this call. Try again."


class AddressRefused(UpstreamFailure):
    code = "upstream_address_refused"
    message = (
        "The credential's base URL leads to an address that this gateway does not call "
        "(private, loopback, link-local or reserved). Give it a public one."
    )
