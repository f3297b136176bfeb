"""Requests that make no sense: refused as the provider would, or left for the provider to judge."""

import gzip
from typing import Any

import httpx
import orjson
import pytest

from tests.proxy.bad_input.raw import CHAT, shape_of
from tests.simulator import RunningSimulator

SAID = [{"role": "user", "content": "hi"}]
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
# Path, whose errors it has, and a body that is right.
ENDPOINTS: list[tuple[str, str, dict[str, Any]]] = [
    ("/v1/chat/completions", "openai", CHAT),
    ("/v1/responses", "openai", {"model": "gpt-4o", "input": "hi"}),
    ("/v1/embeddings", "openai", {"model": "text-embedding-3-small", "input": "hi"}),
    ("/v1/messages", "anthropic", {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": SAID}),
    (GEMINI, "google", {"contents": [{"parts": [{"text": "hi"}]}]}),
    ("/v2/chat", "cohere", {"model": "command-a-03-2025", "messages": SAID}),
]
endpoints = pytest.mark.parametrize(
    ("path", "shape", "right"), ENDPOINTS, ids=[path for path, _, _ in ENDPOINTS]
)


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return b'{"model":"gpt-4o-mini","messages":' + opening * depth + b"1" + closing * depth + b"}"


NOT_JSON = {
    "empty": b"",
    "spaces": b" \n\t",
    "truncated": orjson.dumps(CHAT)[:-3],
    "two documents": orjson.dumps(CHAT) * 2,
    "an array": b"[]",
    "a text": b'"hello"',
    "a number": b"7",
    "null": b"null",
    "NUL": b"\x00" * 20,
    "UTF-16": orjson.dumps(CHAT).decode().encode("utf-16"),
    "Latin-1": '{"model": "gpt-4o-mini", "messages": "é"}'.encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbf" + orjson.dumps(CHAT),
    "a lone surrogate": b'{"model": "gpt-4o-mini", "user": "\\ud800"}',
    "NaN": b'{"model": "gpt-4o-mini", "temperature": NaN}',
    "Infinity": b'{"model": "gpt-4o-mini", "temperature": -Infinity}',
    "a number beyond all": b'{"model": "gpt-4o-mini", "seed": 1e999}',
    "5,000 digits": b'{"model": "gpt-4o-mini", "seed": ' + b"9" * 5000 + b"}",
    "single quotes": b"{'model': 'gpt-4o-mini'}",
    "a comma too many": b'{"model": "gpt-4o-mini",}',
    "a control character": b'{"model": "gpt-4o\n-mini"}',
    "a form": b"model=gpt-4o-mini&messages=hi",
    "gzip": gzip.compress(orjson.dumps(CHAT)),
    "100,000 arrays": nested(b"[", b"]", 100_000),
    "100,000 objects": nested(b'{"a":', b"}", 100_000),
}


@endpoints
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_no_object_of_json_is_refused_in_the_providers_shape(
    caller: httpx.Client,
    simulator: RunningSimulator,
    path: str,
    shape: str,
    right: dict[str, Any],
    body: bytes,
) -> None:
    answer = caller.post(path, content=body)
    assert (answer.status_code, shape_of(answer.json())) == (400, shape)
    assert answer.headers["netra-error-code"] == "malformed_request"
    assert simulator.calls() == []


WRONG: dict[str, list[Any]] = {
    "stream": ["yes", 1, [], {}],
    "max_tokens": [-1, 0, "9", 1e308, 2**63, 99999999999999999999, [], True],
    "messages": [None, 5, "hi", {}, [], [5], [[]], [{"role": 5}]],
    "content": [5, [5, None], [{"type": []}], [{"type": {"a": 1}}], [{"type": "image_url"}]],
    "tools": [5, {}, [5], [{"type": []}], [{"function": 5}]],
    "n": [-1, "2", 10**9],
    "stream_options": [5, [], "x", {"include_usage": "yes"}],
    "user": [5, {}, []],
    "service_tier": [5, [], "made-up"],
    "metadata": [5, [], {"user_id": []}],
    "made_up": [None, {"a": [1, {"b": "ü"}]}],
    "contents": [None, 5, [5], [{"parts": 5}], [{"parts": [{"inlineData": []}]}]],
    "generationConfig": [5, {"maxOutputTokens": "x"}, {"candidateCount": -1}],
    "input": [None, 5, {}, [5, None], [{"type": []}]],
    "max_output_tokens": ["x", -5],
    "documents": [5, [5]],
}
WRONG_CASES = [
    pytest.param(
        name,
        value,
        id=f"{name}={orjson.dumps(value).decode() if value != 99999999999999999999 else 'huge'}",
    )
    for name, values in WRONG.items()
    for value in values
]


@endpoints
@pytest.mark.parametrize(("name", "value"), WRONG_CASES)
def test_fields_of_the_wrong_type_are_the_providers_to_judge(
    caller: httpx.Client,
    simulator: RunningSimulator,
    path: str,
    shape: str,
    right: dict[str, Any],
    name: str,
    value: Any,
) -> None:
    body = httpx.Request("POST", "http://x", json=_with(right, name, value)).content
    answer = caller.post(path, content=body)
    assert "netra-error-code" not in answer.headers
    [call] = simulator.calls()
    assert (call.body, call.status) == (body, answer.status_code)
    assert answer.status_code < 500


def _with(right: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    if name == "content":
        return right | {"messages": [{"role": "user", "content": value}]}
    return right | {name: value}


NO_MODEL: list[Any] = [None, True, "", [], {}]


@pytest.mark.parametrize("model", NO_MODEL)
@pytest.mark.parametrize(("path", "shape"), [(p, s) for p, s, _ in ENDPOINTS if p != GEMINI])
def test_a_body_that_names_no_model_leads_nowhere(
    caller: httpx.Client, path: str, shape: str, model: Any
) -> None:
    answer = caller.post(path, json={"model": model, "messages": SAID, "input": "hi"})
    assert (answer.status_code, shape_of(answer.json())) == (400, shape)


ODD_MODELS = [
    7, "\x00", "a\nb", "größe", "🦊", "x" * 100_000, "/", "groq/", "/x", "nope/llama", "..",
    "%2e%2e", "../../x", "?a=b", "#", " ", "a b", "groq/groq/x", "openai/../x", "{}", "'; --", "‮",
]  # fmt: skip


@pytest.mark.parametrize(
    "model", ODD_MODELS, ids=lambda model: str(model)[:9].encode("unicode_escape").decode()
)
@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/p/azure_openai/openai/v1/chat/completions"]
)
def test_any_name_of_a_model_is_the_providers_to_judge(
    caller: httpx.Client, simulator: RunningSimulator, path: str, model: Any
) -> None:
    answer = caller.post(path, json=CHAT | {"model": model})
    assert "netra-error-code" not in answer.headers
    assert answer.status_code < 500
    assert len(simulator.calls()) == 1


@pytest.mark.parametrize("depth", [400, 900, 980, 1000, 1020])
@pytest.mark.parametrize("options", [{}, {"stream": True, "stream_options": {}}])
def test_a_deep_body_is_answered_or_refused_and_never_an_error_of_ours(
    caller: httpx.Client, depth: int, options: dict[str, Any]
) -> None:
    body = orjson.dumps(CHAT | options)[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"
    assert caller.post("/v1/chat/completions", content=body).status_code in (200, 400)


def test_the_last_of_two_equal_keys_counts_and_both_go_upstream(
    caller: httpx.Client, simulator: RunningSimulator
) -> None:
    body = b'{"model":"no-such","model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}]}'
    assert caller.post("/v1/chat/completions", content=body).status_code == 200
    [call] = simulator.calls()
    assert call.body == body


def test_a_body_larger_than_may_be_held_is_413_in_the_providers_shape(
    caller: httpx.Client, simulator: RunningSimulator
) -> None:
    body = b" " * ((64 << 20) + 1)
    for path, shape in (("/v1/chat/completions", "openai"), ("/v1/messages", "anthropic")):
        answer = caller.post(path, content=body, timeout=20)
        assert (answer.status_code, shape_of(answer.json())) == (413, shape)
    assert simulator.calls() == []


def test_an_upload_of_any_size_passes(caller: httpx.Client, simulator: RunningSimulator) -> None:
    body = bytes(range(256)) * (65 << 12)
    answer = caller.post("/v1/files", content=body, timeout=20)
    assert "netra-error-code" not in answer.headers
    [call] = simulator.calls()
    assert call.body == body


def test_a_form_without_a_stated_length_is_read(
    caller: httpx.Client, simulator: RunningSimulator
) -> None:
    form = httpx.Request(
        "POST", "http://x", data={"model": "whisper-1"}, files={"file": ("a.mp3", b"a" * 20_000)}
    )
    pieces = iter([form.read()[:9], form.content[9:]])
    answer = caller.post(
        "/v1/audio/transcriptions",
        content=pieces,
        headers={"content-type": form.headers["content-type"]},
    )
    assert answer.status_code == 200
    [call] = simulator.calls()
    assert call.body == form.content


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=a", b"--a--"),
        ("multipart/form-data; boundary=a", b"--a\r\n\r\n\r\n--a"),
        ("multipart/form-data; boundary=\xe9", b"x"),
        ("application/json", b""),
        ("text/plain", b"hello"),
        ("", b"\xff" * 100),
    ],
)
def test_a_form_that_is_none_is_refused(
    caller: httpx.Client, content_type: str, body: bytes
) -> None:
    answer = caller.post(
        "/v1/audio/transcriptions",
        content=body,
        headers={b"content-type": content_type.encode("latin-1")},
    )
    assert (answer.status_code, shape_of(answer.json())) == (400, "openai")
