"""Every fault, streamed and not, as a plain HTTP client sees it."""

import time
from contextlib import suppress
from typing import Any

import httpx
import openai
import pytest

from sim.faults import UnknownFault, faults_in_key, parse_faults
from tests.simulator import RunningSimulator

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
MESSAGES = CHAT | {"model": "claude-haiku-4-5", "max_tokens": 500}
BOTH = pytest.mark.parametrize("is_stream", [False, True])


def ask(
    simulator: RunningSimulator, fault: str = "", *, is_stream: bool = False, **headers: str
) -> httpx.Response:
    """A chat completion, read to its end."""
    return simulator.client.post(
        "/v1/chat/completions",
        json=CHAT | {"stream": is_stream},
        headers={"authorization": "Bearer sk-faulty", "x-sim-fault": fault} | headers,
    )


def read_until_cut(
    simulator: RunningSimulator, fault: str, *, is_stream: bool
) -> tuple[httpx.Headers, bytes]:
    """Headers and the bytes that came before the connection was lost."""
    received = b""
    with simulator.client.stream(
        "POST",
        "/v1/chat/completions",
        json=CHAT | {"stream": is_stream},
        headers={"authorization": "Bearer sk-faulty", "x-sim-fault": fault},
    ) as response:
        with suppress(httpx.RemoteProtocolError):
            for chunk in response.iter_raw():
                received += chunk
            pytest.fail("the answer came to a clean end")
        return response.headers, received


@BOTH
@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        ("429", 429, {}),
        ("429-retry-after", 429, {"retry-after": "1", "retry-after-ms": "1000"}),
        ("429-retry-after=0.05", 429, {"retry-after": "0.05", "retry-after-ms": "50"}),
        ("500", 500, {}),
        ("502", 502, {}),
        ("503", 503, {}),
    ],
)
def test_refusals_have_their_status_and_headers(
    simulator: RunningSimulator,
    fault: str,
    status: int,
    headers: dict[str, str],
    is_stream: bool,
) -> None:
    response = ask(simulator, fault, is_stream=is_stream)
    assert response.status_code == status
    assert response.json()["error"].keys() == {"message", "type", "param", "code"}
    assert {k: v for k, v in response.headers.items() if k.startswith("retry-")} == headers
    left = "0" if status == 429 else "9999"
    assert response.headers["x-ratelimit-remaining-requests"] == left


def test_anthropic_is_overloaded_in_its_own_words(simulator: RunningSimulator) -> None:
    response = simulator.client.post(
        "/v1/messages",
        json=MESSAGES,
        headers={"x-api-key": "sk-ant-sim-fault.529~spare"},
    )
    assert response.status_code == 529
    assert response.json() == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"},
        "request_id": response.headers["request-id"],
    }


@BOTH
@pytest.mark.parametrize("fault", ["slow-first-byte=0.2", "stall=0.2"])
def test_delays_change_nothing_but_the_time(
    simulator: RunningSimulator, fault: str, is_stream: bool
) -> None:
    began = time.monotonic()
    slow = ask(simulator, fault, is_stream=is_stream)
    assert time.monotonic() - began >= 0.2
    assert slow.content == ask(simulator, is_stream=is_stream).content


@BOTH
def test_a_cut_keeps_no_promise(simulator: RunningSimulator, is_stream: bool) -> None:
    whole = ask(simulator, is_stream=is_stream).content
    headers, received = read_until_cut(simulator, "cut", is_stream=is_stream)
    assert 0 < len(received) < len(whole)
    assert whole.startswith(received)
    assert headers.get("transfer-encoding") == ("chunked" if is_stream else None)
    assert headers.get("content-length") == (None if is_stream else str(len(whole)))


@BOTH
def test_half_a_character_ends_the_answer(simulator: RunningSimulator, is_stream: bool) -> None:
    _, received = read_until_cut(simulator, "half-utf8", is_stream=is_stream)
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        received.decode()


def test_garbage_is_no_json(simulator: RunningSimulator) -> None:
    response = ask(simulator, "garbage")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()


def test_garbage_stands_between_good_events(simulator: RunningSimulator) -> None:
    events = ask(simulator, "garbage", is_stream=True).content.split(b"\n\n")
    whole = ask(simulator, is_stream=True).content.split(b"\n\n")
    assert [event for event in events if event not in whole] == [
        b"data: \x00\xff\xfe{]: not what you asked for \xc3("
    ]
    assert len(events) == len(whole) + 1


@BOTH
def test_a_page_may_come_instead(simulator: RunningSimulator, is_stream: bool) -> None:
    response = ask(simulator, "wrong-content-type", is_stream=is_stream)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!doctype html>")


def test_an_error_may_come_in_the_middle_of_a_stream(simulator: RunningSimulator) -> None:
    client = openai.OpenAI(base_url=f"{simulator.url}/v1", api_key="sim-fault.error-event")
    with client, pytest.raises(openai.APIError, match="overloaded"):
        list(
            client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
        )


def test_anthropics_error_event_is_named(simulator: RunningSimulator) -> None:
    response = simulator.client.post(
        "/v1/messages",
        json=MESSAGES | {"stream": True},
        headers={"x-api-key": "sk-ant", "x-sim-fault": "error-event"},
    )
    last = response.text.strip().split("\n\n")[-1]
    assert last.startswith('event: error\ndata: {"type":"error","error":{"type":"api_error"')


def test_an_error_event_outside_a_stream_is_a_status(simulator: RunningSimulator) -> None:
    assert ask(simulator, "error-event").status_code == 500


@BOTH
def test_a_client_that_leaves_a_stalled_answer_is_noticed(
    simulator: RunningSimulator, is_stream: bool
) -> None:
    with simulator.client.stream(
        "POST",
        "/v1/chat/completions",
        json=CHAT | {"stream": is_stream},
        headers={"authorization": "Bearer sk-leaver", "x-sim-fault": "stall-forever"},
    ) as response:
        parts = response.iter_raw()
        next(parts)
        [waiting] = simulator.calls("sk-leaver")
        assert (waiting.is_finished, waiting.is_disconnected) == (False, False)
    [left] = simulator.finished_calls("sk-leaver", count=1)
    assert (left.is_disconnected, left.status, left.bytes_sent > 0) == (True, 200, True)


def test_scripts_are_consumed_call_by_call_and_only_by_their_key(
    simulator: RunningSimulator,
) -> None:
    simulator.script("sk-scripted", "500", None, "429")
    mine = {"authorization": "Bearer sk-scripted"}
    without_header: dict[str, Any] = {"json": CHAT}
    url = "/v1/chat/completions"
    statuses = [
        simulator.client.post(url, headers=headers, **without_header).status_code
        for headers in (mine, {"authorization": "Bearer sk-other"}, mine, mine, mine)
    ]
    assert statuses == [500, 200, 200, 429, 200]
    assert [call.fault for call in simulator.calls("sk-scripted")] == ["500", "", "429", ""]


def test_the_header_goes_before_the_key(simulator: RunningSimulator) -> None:
    key = "Bearer sk-sim-fault.503~b"
    assert ask(simulator, "500", authorization=key).status_code == 500
    assert ask(simulator, "", authorization=key).status_code == 200


def test_an_unknown_fault_is_named(simulator: RunningSimulator) -> None:
    response = ask(simulator, "explode")
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("sim: there is no fault 'explode'")
    with pytest.raises(httpx.HTTPStatusError):
        simulator.script("sk-scripted", "stall=soon")


@pytest.mark.parametrize(
    ("key", "specification"),
    [
        ("sk-plain", ""),
        ("sim-fault.500", "500"),
        ("sk-ant-sim-fault.429-retry-after=0.05~a", "429-retry-after=0.05"),
        ("sim-fault.slow-first-byte=0.1,cut~b", "slow-first-byte=0.1,cut"),
    ],
)
def test_a_key_may_carry_faults(key: str, specification: str) -> None:
    assert faults_in_key(key) == specification


@pytest.mark.parametrize("specification", ["600", "stall=x", "cut;stall", "429x"])
def test_misspelt_faults_are_refused(specification: str) -> None:
    with pytest.raises(UnknownFault):
        parse_faults(specification)
