"""An answer says the same whole and streamed, and what is none is not taken for one."""

import json
from typing import Any

import httpx
import pytest

from bench.soaking.reading import read
from tests.simulator import RunningSimulator

SAID = [{"role": "user", "content": "Explain tides to a harbour master, at some length."}]
TOOL = {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}
FUNCTION = {"type": "function", "function": {"name": "tide_on", "parameters": TOOL}}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": SAID}),
    "chat tools": (
        "/v1/chat/completions",
        {"model": "gpt-5-mini", "messages": SAID, "tools": [FUNCTION]},
    ),
    "messages": (
        "/v1/messages",
        {"model": "claude-haiku-4-5", "max_tokens": 60, "messages": SAID},
    ),
    "message tools": (
        "/v1/messages",
        {
            "model": "claude-haiku-4-5", "max_tokens": 60, "messages": SAID,
            "tools": [{"name": "tide_on", "input_schema": TOOL}],
        },
    ),
    "responses": ("/v1/responses", {"model": "gpt-4.1-mini", "input": "Explain tides."}),
}  # fmt: skip


def asked(simulator: RunningSimulator, path: str, body: dict[str, Any], fault: str = "") -> bytes:
    key = {"x-api-key": "k"} if path.endswith("messages") else {"authorization": "Bearer k"}
    headers = {**key, "x-sim-cache": "off", "x-sim-fault": fault}
    try:
        with simulator.client.stream("POST", path, json=body, headers=headers) as answer:
            return b"".join(answer.iter_raw())
    except httpx.RemoteProtocolError:
        return b""


@pytest.mark.parametrize("name", CALLS)
def test_a_stream_says_and_charges_what_the_whole_answer_does(
    simulator: RunningSimulator, name: str
) -> None:
    path, body = CALLS[name]
    options = {"stream_options": {"include_usage": True}} if name.startswith("chat") else {}
    whole = read(path, asked(simulator, path, body))
    streamed = read(path, asked(simulator, path, body | {"stream": True} | options))
    assert (whole.is_whole, streamed.is_whole, whole.error) == (True, True, "")
    assert whole.words
    assert streamed.words == whole.words
    assert streamed.digest == whole.digest
    assert streamed.usage["output_tokens" if "chat" not in name else "completion_tokens"] > 0
    assert streamed.model == whole.model


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("is_stream", [False, True])
def test_an_error_is_read_as_one_wherever_it_comes(
    simulator: RunningSimulator, name: str, *, is_stream: bool
) -> None:
    path, body = CALLS[name]
    body = body | ({"stream": True} if is_stream else {})
    for fault in ("500", "error-event"):
        answer = read(path, asked(simulator, path, body, fault))
        assert (answer.is_whole, bool(answer.error)) == (False, True)


def test_noise_within_a_stream_must_arrive_as_it_was_sent(simulator: RunningSimulator) -> None:
    path, body = CALLS["chat"]
    noisy = read(path, asked(simulator, path, body | {"stream": True}, "garbage"))
    clean = read(path, asked(simulator, path, body | {"stream": True}))
    assert (noisy.is_whole, set(noisy.words) - set(clean.words)) == (True, {"noise"})


@pytest.mark.parametrize("fault", ["cut", "half-utf8", "wrong-content-type"])
def test_what_breaks_off_or_is_no_answer_is_neither(
    simulator: RunningSimulator, fault: str
) -> None:
    for path, body in CALLS.values():
        answer = read(path, asked(simulator, path, body | {"stream": True}, fault))
        assert (answer.is_whole, answer.error) == (False, "")


def test_vectors_are_words_of_their_own() -> None:
    def answer(first: float) -> bytes:
        data = [{"index": 0, "embedding": [first, 0.5]}]
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        return json.dumps({"model": "m", "data": data, "usage": usage}).encode()

    one, other = (read("/v1/embeddings", answer(first)) for first in (0.1, 0.2))
    assert (one.is_whole, one.usage["prompt_tokens"]) == (True, 3)
    assert one.digest != other.digest
