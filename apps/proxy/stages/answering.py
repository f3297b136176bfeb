"""The head of an answer: the provider's headers unchanged, and ours beside them."""

from apps.kernel.errors import NetraError
from apps.proxy.client import Headers
from apps.proxy.exchange import Exchange
from apps.proxy.forwarding import downstream_headers
from apps.proxy.levers import Levers

# Whatever a provider sends must not run as a page of this host.
_INERT: Headers = [
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
]
_STREAMED = (b"x-accel-buffering", b"no")


def answer_headers(exchange: Exchange) -> Headers:
    """Headers of an answer that came from a provider."""
    headers = downstream_headers(exchange.answering.headers)
    headers += _unless_there(headers, _ours(exchange))
    if exchange.is_spent:
        headers = [pair for pair in headers if pair[0] != b"x-should-retry"]
        headers.append((b"x-should-retry", b"false"))
    if exchange.answer is None:
        headers.append(_STREAMED)
    else:
        headers.append((b"content-length", b"%d" % len(exchange.answer)))
    return headers


def refusal_headers(exchange: Exchange, failure: NetraError, headers: Headers) -> Headers:
    """Headers of an error of our own; `headers` are those of its body."""
    own = [*_ours(exchange), *_retry_after(failure)]
    if exchange.is_spent:
        own.append((b"x-should-retry", b"false"))
    return [*headers, *_unless_there(headers, own)]


def _unless_there(headers: Headers, own: Headers) -> Headers:
    """Those of `own` whose names `headers` does not have."""
    names = dict(headers)
    return [pair for pair in own if pair[0] not in names]


def _retry_after(failure: NetraError) -> Headers:
    wait_ms = getattr(failure, "retry_after_ms", None)
    if wait_ms is None:
        return []
    seconds = -(-wait_ms // 1000)
    return [(b"retry-after", b"%d" % seconds), (b"retry-after-ms", b"%d" % wait_ms)]


def _ours(exchange: Exchange) -> Headers:
    request_id = exchange.request_id.encode()
    headers = [
        (b"netra-request-id", request_id),
        (b"x-request-id", request_id),
        (b"netra-overhead-ms", b"%.3f" % exchange.timing.overhead_ms()),
        *_INERT,
    ]
    if served := _served_model(exchange):
        headers.append((b"netra-served-model", served))
    is_settled = exchange.answer is not None and not exchange.is_deferred
    if exchange.cost_usd is not None and is_settled:
        headers.append((b"netra-cost-usd", format(exchange.cost_usd.normalize(), "f").encode()))
    if exchange.levers is not None:
        headers += _of_levers(exchange, exchange.levers)
    if exchange.hold:
        headers += exchange.hold.headers
    return headers


def _of_levers(exchange: Exchange, levers: Levers) -> Headers:
    headers = [(b"netra-cache", levers.cache_status)] if levers.cache_status else []
    candidate = exchange.candidate
    if candidate and candidate.model and not exchange.is_of_caller(candidate):
        headers.append((b"netra-model", candidate.model.encode()))
    return headers


def _served_model(exchange: Exchange) -> bytes | None:
    reading, candidate = exchange.reading, exchange.candidate
    served = reading.served_model if reading else None
    served = served or (candidate.model if candidate else None) or exchange.model
    is_plain = served is not None and served.isascii() and served.isprintable()
    return served.encode() if served and is_plain else None
