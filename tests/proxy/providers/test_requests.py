"""What requests say, how their bytes are prepared, and which are refused."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.proxy.providers.facts import MalformedRequest, RequestFacts
from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import dialect_of

CHAT = "/v1/chat/completions"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 900}}
FORM = b"multipart/form-data; boundary=XyZ"
FORM_BODY = (
    b'--XyZ\r\nContent-Disposition: form-data; name="file"; filename="model.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n\x00\r\n--XyQ\xff\r\n"
    b'--XyZ\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--XyZ\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nh\xc3\xa9\r\n'
    b'--XyZ\r\nContent-Disposition: form-data; name="stream"\r\n\r\ntrue\r\n--XyZ--\r\n'
)


def read(path: str, body: Any, content_type: bytes = b"application/json") -> RequestFacts:
    """Facts of a request; a dict is sent as JSON."""
    endpoint = endpoint_of("POST", path)
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return dialect_of(endpoint).read_request(endpoint, [(b"content-type", content_type)], data)


def prepare(
    path: str, body: bytes, model: str | None = None, *, needs_usage: bool = False
) -> bytes:
    """The bytes that go upstream."""
    dialect = dialect_of(endpoint_of("POST", path))
    return dialect.prepare(body, read(path, body), model=model, needs_usage=needs_usage)


def test_a_chat_request() -> None:
    body = {
        "model": "gpt-5",
        "messages": [
            {"role": "system", "content": "äb"},
            {"role": "user", "content": [{"type": "text", "text": "cd"}, IMAGE]},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 50,
        "max_tokens": 9,
        "n": 2,
        "user": "u-1",
        "tools": [{"type": "function"}],
        "service_tier": "flex",
    }
    assert read(CHAT, body) == RequestFacts(
        model="gpt-5",
        is_stream=True,
        max_output_tokens=50,
        choice_count=2,
        end_user="u-1",
        wants_usage_chunk=True,
        prompt_text_bytes=len("system") + 3 + len("user") + len("text") + 2
        + len("image_url") + len("function"),
        image_count=1,
        has_tools=True,
        service_tier="flex",
        content_type="application/json",
        document=body,
    )  # fmt: skip


def test_an_azure_deployment_is_the_model() -> None:
    assert read("/openai/deployments/my-gpt/chat/completions", {"messages": []}).model == "my-gpt"


def test_a_prompt_of_token_ids_counts_four_bytes_each() -> None:
    assert read("/v1/completions", {"model": "m", "prompt": [[1, 2], [3]]}).prompt_text_bytes == 12
    assert read("/v1/embeddings", {"model": "m", "input": "abcd"}).prompt_text_bytes == 4


def test_a_message_request() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 900}
    body = {
        "model": "claude-x",
        "max_tokens": 64,
        "system": "be",
        "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}],
        "metadata": {"user_id": "u-2"},
    }
    facts = read("/v1/messages", body)
    assert (facts.model, facts.max_output_tokens, facts.end_user) == ("claude-x", 64, "u-2")
    assert (facts.image_count, facts.is_stream, facts.has_tools) == (1, False, False)
    assert facts.prompt_text_bytes == len("beuserimagebase64")


def test_a_gemini_request() -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "abc"}, {"inlineData": {
            "mimeType": "image/png", "data": "A" * 900}}]}],
        "generationConfig": {"maxOutputTokens": 7, "candidateCount": 3},
    }  # fmt: skip
    facts = read("/v1beta/models/gemini-3-pro:streamGenerateContent", body)
    assert (facts.model, facts.is_stream, facts.max_output_tokens) == ("gemini-3-pro", True, 7)
    assert (facts.choice_count, facts.image_count, facts.prompt_text_bytes) == (3, 1, 7)


def test_a_form() -> None:
    facts = read("/v1/audio/transcriptions", FORM_BODY, FORM)
    assert (facts.model, facts.is_stream, facts.prompt_text_bytes) == ("whisper-1", True, 3)


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT, b"", None),
        (CHAT, b"{", None),
        (CHAT, b"[]", None),
        (CHAT, b'"text"', None),
        (CHAT, b"\xff\xfe{}", None),
        (CHAT, b'{"a":NaN}', None),
        (CHAT, b"[" * 3000, None),
        (CHAT, b"{}", "model"),
        (CHAT, b'{"model":""}', "model"),
        (CHAT, b'{"model":["x"]}', "model"),
        ("/v1/responses", b"{}", "model"),
        ("/v1/embeddings", b"{}", "model"),
        ("/v1/messages", b"{}", "model"),
        ("/v2/chat", b"{}", "model"),
        ("/v1beta/models/g:generateContent", b"nope", None),
    ],
)
def test_what_cannot_be_understood_is_refused(path: str, body: bytes, param: str | None) -> None:
    with pytest.raises(MalformedRequest) as refusal:
        read(path, body)
    assert refusal.value.param == param


def test_a_form_that_is_too_large_to_hold_is_not_judged() -> None:
    facts = read("/v1/audio/transcriptions", b"", FORM)
    assert facts == RequestFacts(content_type=FORM.decode())


def test_a_form_without_model_is_refused() -> None:
    with pytest.raises(MalformedRequest):
        read("/v1/audio/transcriptions", b"--XyZ--\r\n", FORM)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"model": "m", "messages": "wrong", "max_tokens": "many", "n": -1, "stream": "yes"}),
        (CHAT, {"model": "m", "stream_options": [], "tools": {}, "unknown": {"a": 1}}),
        ("/v1/responses", {"prompt": {"id": "pmpt_1"}}),
        ("/v1/moderations", {"input": "x"}),
        ("/v1/images/generations", {"prompt": "x"}),
        ("/v1/messages", {"model": "m"}),
        ("/v1beta/models/g:generateContent", {"generationConfig": 5}),
    ],
)
def test_what_the_provider_judges_is_not_judged_here(path: str, body: Any) -> None:
    assert read(path, body).model in ("m", "g", None)


BODY = b'{"messages": [{"role":"user","content":"\\u00e9 \\"model\\": 1"}], "model" : "a", "x":1.0}'


def test_without_a_reason_the_bytes_are_the_clients_own() -> None:
    assert prepare(CHAT, BODY) is BODY
    assert prepare(CHAT, BODY, "a") is BODY
    assert prepare(CHAT, BODY, needs_usage=True) is BODY  # not streamed: usage comes anyway


def test_a_model_is_replaced_in_its_place() -> None:
    assert prepare(CHAT, BODY, 'b"c') == BODY.replace(b'"a"', b'"b\\"c"')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b'"stream_options":{"include_usage":true},'),
        (b'"stream_options":null,', b'"stream_options":{"include_usage":true},'),
        (b'"stream_options":{},', b'"stream_options":{"include_usage":true},'),
        (
            b'"stream_options": {"include_obfuscation": false},',
            b'"stream_options": {"include_usage":true,"include_obfuscation": false},',
        ),
        (
            b'"stream_options":{ "include_usage" : false },',
            b'"stream_options":{ "include_usage" : true },',
        ),
        (b'"stream_options":{"include_usage":true},',) * 2,
        (b'"stream_options":"odd",',) * 2,
    ],
)
def test_usage_is_asked_of_a_stream(old: bytes, new: bytes) -> None:
    body = b'{%b"model":"m","stream":true,"big":1e400}'.replace(b"1e400", b"1.50")
    assert prepare(CHAT, body % old, needs_usage=True) == body % new


def test_a_deployments_body_gets_the_model_that_another_provider_needs() -> None:
    endpoint = endpoint_of("POST", "/openai/deployments/d/chat/completions")
    dialect, body = dialect_of(endpoint), b'{"messages":[]}'
    facts = dialect.read_request(endpoint, (), body)
    assert dialect.prepare(body, facts, model="gpt-5") == b'{"model":"gpt-5","messages":[]}'
    assert dialect.prepare(body, facts) is body


def test_geminis_model_stays_out_of_the_body() -> None:
    path = "/v1beta/models/g:embedContent"
    assert prepare(path, b'{"content":{}}', "h") == b'{"content":{}}'
    assert prepare(path, b'{"model":"models/g"}', "h") == b'{"model":"models/h"}'


def test_a_forms_model_is_replaced_in_its_place() -> None:
    dialect = dialect_of(endpoint_of("POST", "/v1/audio/transcriptions"))
    facts = read("/v1/audio/transcriptions", FORM_BODY, FORM)
    assert dialect.prepare(FORM_BODY, facts) is FORM_BODY
    changed = dialect.prepare(FORM_BODY, facts, model="gpt-4o-transcribe")
    assert changed == FORM_BODY.replace(b"whisper-1", b"gpt-4o-transcribe")


def test_a_body_that_is_nested_too_deeply_to_cut_is_refused() -> None:
    body = b'{"model":"a","x":' + b"[" * 1010 + b"]" * 1010 + b"}"
    with pytest.raises(MalformedRequest):
        prepare(CHAT, body, "b")


@given(
    st.sampled_from([FORM, b"multipart/form-data", b"multipart/form-data; boundary="]), st.binary()
)
def test_no_form_raises_anything_but_a_refusal(content_type: bytes, body: bytes) -> None:
    assert read("/v1/images/edits", body, content_type).model is None


def test_a_passthrough_is_not_looked_into() -> None:
    facts = read("/v1/files", b"\xff not json", b"multipart/form-data; boundary=x")
    assert facts == RequestFacts(content_type="multipart/form-data; boundary=x")
    assert prepare("/v1/files", b"\xff", "other", needs_usage=True) == b"\xff"
