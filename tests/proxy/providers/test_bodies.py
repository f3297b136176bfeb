"""Whole answers: what each dialect reads from them, and that garbage never raises."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading, RequestFacts
from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import dialect_of

JSON = [(b"Content-Type", b"application/json"), (b"X-Request-Id", b"req_9")]


def read(path: str, answer: Any, status: int = 200, facts: RequestFacts | None = None) -> Reading:
    """What the dialect of `path` reads from a JSON answer."""
    endpoint = endpoint_of("POST", path)
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return dialect_of(endpoint).read_body(endpoint, facts or RequestFacts(), status, JSON, body)


def test_a_chat_completion() -> None:
    answer = {
        "id": "chatcmpl-1",
        "model": "gpt-5",
        "service_tier": "priority",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"content": "äb", "refusal": None}},
            {"index": 1, "finish_reason": "length", "message": {"content": "c"}},
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
    assert read("/v1/chat/completions", answer) == Reading(
        usage=TokenBuckets(input_uncached=5, output=2),
        served_model="gpt-5",
        service_tier="priority",
        provider_request_id="req_9",
        response_id="chatcmpl-1",
        finish_reasons=("stop", "length"),
        is_complete=True,
        output_bytes=4,
    )


def test_a_legacy_completion() -> None:
    answer = {
        "id": "cmpl-1",
        "choices": [{"index": 0, "finish_reason": "stop", "text": "abc"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2},
    }
    reading = read("/v1/completions", answer)
    assert reading.usage == TokenBuckets(input_uncached=5, output=2)
    assert reading.output_bytes == 3


def test_a_message_with_a_compaction_that_is_billed_beside_it() -> None:
    answer = {
        "type": "message",
        "id": "msg_1",
        "model": "claude-x",
        "stop_reason": "end_turn",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "zzz"},
            {"type": "text", "text": "abc"},
            {"type": "tool_use", "name": "f", "input": {"a": 1}},
        ],
        "usage": {
            "input_tokens": 7,
            "output_tokens": 9,
            "cache_creation_input_tokens": 6,
            "iterations": [
                {"type": "message", "input_tokens": 7, "output_tokens": 9},
                {"type": "compaction", "input_tokens": 100, "output_tokens": 20},
            ],
        },
    }
    assert read("/v1/messages", answer) == Reading(
        usage=TokenBuckets(input_uncached=107, cache_write_5m=6, output=29),
        served_model="claude-x",
        provider_request_id="req_9",
        response_id="msg_1",
        finish_reasons=("end_turn",),
        is_complete=True,
        output_bytes=2 + 3 + len('{"a":1}'),
    )


def test_counting_tokens_costs_nothing() -> None:
    assert read("/v1/messages/count_tokens", {"input_tokens": 2095}) == Reading(
        provider_request_id="req_9", is_complete=True
    )


def test_a_response() -> None:
    answer = {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "gpt-5",
        "error": None,
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "ab"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "cde"}]},
            {"type": "function_call", "name": "f", "arguments": "{}"},
        ],
        "usage": {"input_tokens": 4, "output_tokens": 3, "total_tokens": 7},
    }
    reading = read("/v1/responses", answer)
    assert reading.usage == TokenBuckets(input_uncached=4, output=3)
    assert (reading.finish_reasons, reading.output_bytes) == (("completed",), 7)
    assert not reading.is_error


def test_a_failed_response_is_an_error() -> None:
    answer = {"id": "r", "status": "failed", "error": {"code": "server_error", "message": "x"}}
    reading = read("/v1/responses", answer)
    assert (reading.is_error, reading.error_code) == (True, "server_error")


@pytest.mark.parametrize("vectors", [1, 3000])
def test_embeddings_short_and_long(vectors: int) -> None:
    answer = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5] * 8}] * vectors,
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    assert read("/v1/embeddings", answer) == Reading(
        usage=TokenBuckets(input_uncached=8),
        served_model="text-embedding-3-small",
        provider_request_id="req_9",
        is_complete=True,
    )


def test_long_embeddings_whose_usage_comes_first() -> None:
    answer = {"usage": {"prompt_tokens": 8}, "data": [[0.5] * 8] * 3000}
    assert read("/v1/embeddings", answer).usage == TokenBuckets(input_uncached=8)


def test_moderation_has_no_usage() -> None:
    assert read("/v1/moderations", {"id": "m", "model": "omni", "results": []}) == Reading(
        served_model="omni", provider_request_id="req_9", response_id="m", is_complete=True
    )


def test_images_by_token_and_by_piece() -> None:
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"text_tokens": 9, "image_tokens": 0},
        "output_tokens": 300,
        "output_tokens_details": {"image_tokens": 280, "text_tokens": 20},
    }
    reading = read("/v1/images/edits", {"data": [{}, {}], "usage": usage})
    assert reading.usage == TokenBuckets(input_uncached=9, output=20, output_image=280)
    assert reading.units == {"images": 2}
    assert read("/v1/images/generations", {"data": [{}]}).units == {"images": 1}


def test_transcripts_by_duration_and_by_token() -> None:
    by_duration = {"text": "abc", "usage": {"type": "duration", "seconds": 9.2}}
    reading = read("/v1/audio/transcriptions", by_duration)
    assert (reading.usage, reading.units, reading.output_bytes) == (None, {"seconds": 10}, 3)
    assert read("/v1/audio/translations", {"text": "a", "duration": 3.0}).units == {"seconds": 3}


def test_speech_is_counted_in_characters_and_bytes() -> None:
    endpoint = endpoint_of("POST", "/v1/audio/speech")
    dialect = dialect_of(endpoint)
    facts = dialect.read_request(endpoint, (), b'{"model":"tts-1","input":"H\xc3\xa9llo"}')
    reading = dialect.read_body(
        endpoint, facts, 200, [(b"content-type", b"audio/mpeg")], b"\xff" * 9
    )
    assert (reading.units, reading.output_bytes) == ({"characters": 5}, 9)
    assert reading.is_complete


def test_a_gemini_answer_that_was_refused() -> None:
    answer = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4},
    }
    reading = read("/v1beta/models/gemini-3-pro:generateContent", answer)
    assert reading.finish_reasons == ("SAFETY",)
    assert reading.usage == TokenBuckets(input_uncached=4)


def test_cohere_ranks_and_embeds() -> None:
    ranked = {"id": "1", "results": [], "meta": {"billed_units": {"search_units": 2.0}}}
    assert read("/v2/rerank", ranked).units == {"search_units": 2}
    embedded = {"id": "1", "meta": {"billed_units": {"input_tokens": 6, "image_tokens": 3}}}
    assert read("/v2/embed", embedded).usage == TokenBuckets(input_uncached=6, input_image=3)


@pytest.mark.parametrize(
    ("path", "answer", "code"),
    [
        ("/v1/responses", {"error": {"code": "bad_key", "type": "x"}}, "bad_key"),
        ("/v1/chat/completions", {"error": {"code": None, "type": "tokens"}}, "tokens"),
        ("/v1/chat/completions", {"detail": "nope"}, "http_429"),
        ("/v1/chat/completions", b"<html>", "http_429"),
        ("/v1/messages", {"type": "error", "error": {"type": "api_error"}}, "api_error"),
        (
            "/v1beta/models/g:generateContent",
            {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}},
            "RESOURCE_EXHAUSTED",
        ),
        (
            "/v1beta/models/g:streamGenerateContent",
            [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}],
            "RESOURCE_EXHAUSTED",
        ),
        ("/v2/chat", {"id": "1", "message": "slow down"}, "http_429"),
        ("/v1/files", {"error": {}}, "http_429"),
    ],
)  # fmt: skip
def test_a_failure_is_named_as_the_provider_names_it(path: str, answer: Any, code: str) -> None:
    reading = read(path, answer, 429)
    assert (reading.is_error, reading.error_code, reading.usage) == (True, code, None)
    assert reading.provider_request_id == "req_9"


_PATHS = st.sampled_from(
    ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/images/edits", "/v1/messages"]
    + ["/v1/audio/transcriptions", "/v1beta/models/g:generateContent", "/v2/chat", "/v1/files"]
)
_NAMES = st.sampled_from(
    ["usage", "error", "choices", "content", "usageMetadata", "candidates", "meta", "message"]
    + ["data", "output", "type", "prompt_tokens", "input_tokens", "status", "text", "duration"]
)
_ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**63) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=15,
)


@given(_PATHS, _ANSWERS | st.binary(max_size=40), st.sampled_from([200, 404, 500]))
def test_no_answer_raises(path: str, answer: Any, status: int) -> None:
    assert read(path, answer, status).is_error >= (status >= 400)
