"""What an SDK's caller sees when something fails: its own exceptions, no more tries than due."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import anthropic
import openai
import pytest

from apps.tenants.access import Route, Target
from tests.gateways import RunningGateway, running_gateway, tenant
from tests.proxy.sdk.conftest import Anthropics, OpenAIs
from tests.proxy.sdk.twins import Twins
from tests.simulator import RunningSimulator

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
KEY = "sim-key-1"
SLOW = "gpt-4o"
IMPATIENT = Route(
    id=UUID(int=7),
    project_id=None,
    pattern=SLOW,
    strategy="priority",
    targets=(Target(provider="openai"),),
    max_retries=2,
    connect_ms=1000,
    first_byte_ms=200,
    idle_ms=1000,
    total_ms=9000,
)
STATUSES: list[tuple[int, type[openai.APIStatusError], type[anthropic.APIStatusError]]] = [
    (400, openai.BadRequestError, anthropic.BadRequestError),
    (401, openai.AuthenticationError, anthropic.AuthenticationError),
    (403, openai.PermissionDeniedError, anthropic.PermissionDeniedError),
    (404, openai.NotFoundError, anthropic.NotFoundError),
    (409, openai.ConflictError, anthropic.ConflictError),
    (413, openai.APIStatusError, anthropic.RequestTooLargeError),
    (422, openai.UnprocessableEntityError, anthropic.UnprocessableEntityError),
    (429, openai.RateLimitError, anthropic.RateLimitError),
    (500, openai.InternalServerError, anthropic.InternalServerError),
    (503, openai.InternalServerError, anthropic.ServiceUnavailableError),
    (529, openai.InternalServerError, anthropic.OverloadedError),
]


@pytest.fixture(scope="module")
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    with running_gateway(tenant(1, simulator.url, routes=(IMPATIENT,))) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    simulator.script(KEY)
    gateway.forget_events()
    gateway.runtime.breakers.__init__()  # type: ignore[misc]


def chat(client: openai.OpenAI, **options: Any) -> Any:
    create: Any = client.chat.completions.create
    return create(**({"model": "gpt-4o-mini", "messages": HELLO} | options))


def say(client: anthropic.Anthropic, **options: Any) -> Any:
    create: Any = client.messages.create
    fixed = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": HELLO}
    return create(**(fixed | options))


@pytest.mark.parametrize("status", [status for status, _, _ in STATUSES])
@pytest.mark.parametrize("is_stream", [False, True])
def test_openais_exceptions(
    gateway: RunningGateway, simulator: RunningSimulator, status: int, is_stream: bool
) -> None:
    pair = Twins(
        lambda url, key, http: openai.OpenAI(
            base_url=f"{url}/v1", api_key=key, http_client=http, max_retries=0
        ),
        direct=(simulator.url, "sim-key-direct"),
        ours=(gateway.url, gateway.key),
        client=openai.DefaultHttpxClient,
    )
    expected = next(theirs for number, theirs, _ in STATUSES if number == status)
    fault = {"x-sim-fault": str(status), "x-should-retry": "false"}
    error = pair.fail_both(
        lambda c: chat(c, stream=is_stream, extra_headers=fault),
        expected,
        apart_from=("x-should-retry", "x-ratelimit-remaining-tokens"),
    )
    pair.close()
    assert isinstance(error, openai.APIStatusError)
    assert (error.status_code, type(error)) == (status, expected)
    assert error.request_id


@pytest.mark.parametrize("status", [status for status, _, _ in STATUSES])
def test_anthropics_exceptions(
    gateway: RunningGateway, simulator: RunningSimulator, status: int
) -> None:
    pair = Twins(
        lambda url, key, http: anthropic.Anthropic(
            base_url=url, api_key=key, http_client=http, max_retries=0
        ),
        direct=(simulator.url, "sim-key-direct"),
        ours=(gateway.url, gateway.key),
        client=anthropic.DefaultHttpxClient,
    )
    expected = next(theirs for number, _, theirs in STATUSES if number == status)
    fault = {"x-sim-fault": str(status)}
    error = pair.fail_both(
        lambda c: say(c, extra_headers=fault), expected, apart_from=("x-should-retry",)
    )
    pair.close()
    assert isinstance(error, anthropic.APIStatusError)
    assert (error.status_code, type(error)) == (status, expected)
    assert error.request_id


def test_a_wrong_key_is_each_sdks_authentication_error(
    to_anthropic: Anthropics, to_openai: OpenAIs, gateway: RunningGateway
) -> None:
    with pytest.raises(openai.AuthenticationError) as raised:
        to_openai(api_key="nap_live_no").models.list()
    assert (raised.value.code, raised.value.type) == ("invalid_api_key", "authentication_error")
    assert raised.value.request_id
    with pytest.raises(anthropic.AuthenticationError) as refused:
        say(to_anthropic(api_key="nap_live_no"))
    assert refused.value.type == "authentication_error"
    assert refused.value.request_id


def test_a_model_that_is_not_there_is_not_found(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        chat(to_openai(), model="no-such-model")
    assert raised.value.code == "model_not_found"
    assert len(simulator.calls()) == 1


@pytest.mark.parametrize("fault", ["429", "500", "503", "529"])
def test_the_sdk_does_not_try_again_what_we_tried_three_times(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator, fault: str
) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        chat(to_openai(), extra_headers={"x-sim-fault": fault})
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert len(simulator.finished_calls(count=3)) == 3
    [event] = gateway.events()
    assert [attempt.status for attempt in event.attempts] == [int(fault)] * 3
    assert (event.outcome, event.client_retry_count) == ("error", 0)


def test_anthropics_sdk_heeds_it_too(
    to_anthropic: Anthropics, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with pytest.raises(anthropic.OverloadedError):
        say(to_anthropic(), extra_headers={"x-sim-fault": "529"})
    assert len(simulator.finished_calls(count=3)) == 3


def test_a_call_that_succeeds_the_second_time_is_one_call_to_the_sdk(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    simulator.script(KEY, "429-retry-after=0.01", "500")
    assert chat(to_openai(max_retries=0)).choices
    assert [call.status for call in simulator.calls()] == [429, 500, 200]
    [event] = gateway.events()
    assert [attempt.status for attempt in event.attempts] == [429, 500, 200]
    assert (event.outcome, event.status) == ("success", 200)


def test_a_wait_that_is_too_long_for_us_is_handed_on_and_the_sdk_decides(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        chat(to_openai(max_retries=0), extra_headers={"x-sim-fault": "429-retry-after=90"})
    headers = raised.value.response.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("90", "90000")
    assert "x-should-retry" not in headers
    assert len(simulator.calls()) == 1


def test_the_sdks_own_second_try_is_counted(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    simulator.script(KEY, "429-retry-after=21")
    client = to_openai(max_retries=1)
    client._sleep_for_retry = lambda **_: None  # type: ignore[method-assign]
    assert chat(client).choices
    assert [event.client_retry_count for event in gateway.events(2)] == [0, 1]


def test_a_slow_provider_is_a_timeout_in_the_sdk_and_is_cancelled(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with pytest.raises(openai.APITimeoutError):
        chat(
            to_openai(timeout=0.3, max_retries=0),
            extra_headers={"x-sim-fault": "slow-first-byte=30"},
        )
    [event] = gateway.events()
    assert (event.outcome, event.is_estimated, event.status) == ("cancelled", True, None)
    [call] = simulator.finished_calls(count=1)
    assert call.is_disconnected


def test_our_own_timeout_is_a_504_that_is_not_tried_again(
    to_openai: OpenAIs, gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        chat(to_openai(), model=SLOW, extra_headers={"x-sim-fault": "slow-first-byte=30"})
    assert (raised.value.status_code, raised.value.code) == (504, "upstream_first_byte_timeout")
    assert len(simulator.calls()) == 3
    [event] = gateway.events()
    assert (event.outcome, event.error_code) == ("error", "upstream_first_byte_timeout")


@pytest.mark.parametrize("fault", ["cut", "error-event"])
def test_a_stream_that_breaks_off_raises_in_the_sdk(
    to_openai: OpenAIs, gateway: RunningGateway, fault: str
) -> None:
    stream = chat(to_openai(), stream=True, extra_headers={"x-sim-fault": fault})
    with pytest.raises(openai.APIError):
        list(stream)
    [event] = gateway.events()
    assert event.outcome == ("truncated" if fault == "cut" else "error")
    assert event.buckets.output > 0


@pytest.mark.parametrize("fault", ["cut", "error-event"])
def test_anthropics_stream_raises_too(
    to_anthropic: Anthropics, gateway: RunningGateway, fault: str
) -> None:
    stream = say(to_anthropic(), stream=True, max_tokens=200, extra_headers={"x-sim-fault": fault})
    with pytest.raises(anthropic.APIStatusError):
        list(stream)
    [event] = gateway.events()
    assert event.outcome == ("truncated" if fault == "cut" else "error")
