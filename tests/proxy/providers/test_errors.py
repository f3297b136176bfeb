"""Errors of ours have the shape that each provider's clients read."""

from typing import Any

import orjson
import pytest

from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import dialect_of

OPENAI_PATHS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/images/edits",
    "/v1/x",
)


def error(path: str, status: int) -> tuple[dict[bytes, bytes], Any]:
    """Headers and document of an error."""
    dialect = dialect_of(endpoint_of("POST", path))
    headers, body = dialect.error(status, "key_revoked", "Gone.", request_id="req_1", param="key")
    found = dict(headers)
    assert found[b"content-type"] == b"application/json"
    assert found[b"netra-error-code"] == b"key_revoked"
    assert int(found[b"content-length"]) == len(body)
    return found, orjson.loads(body)


@pytest.mark.parametrize("path", OPENAI_PATHS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (503, "server_error"),
    ],
)
def test_openais(path: str, status: int, kind: str) -> None:
    headers, document = error(path, status)
    assert headers[b"x-request-id"] == b"req_1"
    assert document == {
        "error": {"message": "Gone.", "type": kind, "param": "key", "code": "key_revoked"}
    }


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/batches"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_anthropics(path: str, status: int, kind: str) -> None:
    headers, document = error(path, status)
    assert headers[b"request-id"] == b"req_1"
    assert document == {
        "type": "error",
        "error": {"type": kind, "message": "Gone."},
        "request_id": "req_1",
    }


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (422, "FAILED_PRECONDITION"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
    ],
)
def test_googles(status: int, named: str) -> None:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "KEY_REVOKED",
        "domain": "netra",
    }
    for path in ("/v1beta/models/g:generateContent", "/v1beta/models"):
        assert error(path, status)[1] == {
            "error": {"code": status, "message": "Gone.", "status": named, "details": [info]}
        }


def test_coheres() -> None:
    for path in ("/v2/chat", "/v2/unknown"):
        assert error(path, 401)[1] == {"id": "req_1", "message": "Gone."}


@pytest.mark.parametrize(
    ("path", "event"),
    [
        (
            "/v1/chat/completions",
            b'data: {"error":{"message":"Cut.","type":"server_error","param":null,'
            b'"code":"cut"}}\n\n',
        ),
        (
            "/v1/messages",
            b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"Cut."},'
            b'"request_id":"req_1"}\n\n',
        ),
        (
            "/v1/responses",
            b'event: error\ndata: {"type":"error","code":"cut","message":"Cut.","param":null,'
            b'"sequence_number":0}\n\n',
        ),
        (
            "/v2/chat",
            b'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR",'
            b'"error":"Cut."}}\n\n',
        ),
        (
            "/v1beta/models/g:streamGenerateContent",
            b'data: {"error":{"code":502,"message":"Cut.","status":"UNAVAILABLE","details":'
            b'[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"CUT",'
            b'"domain":"netra"}]}}\n\n',
        ),
    ],
)
def test_what_ends_a_broken_stream(path: str, event: bytes) -> None:
    dialect = dialect_of(endpoint_of("POST", path))
    assert dialect.error_event("cut", "Cut.", request_id="req_1") == event


def test_what_is_not_read_breaks_off_in_its_familys_shape() -> None:
    endpoint = endpoint_of("POST", "/v1/messages/batches")
    dialect = dialect_of(endpoint)
    facts = dialect.read_request(endpoint, (), b"")
    watcher = dialect.watcher(endpoint, facts, "text/event-stream")
    watcher.feed(b"data: x\n")
    assert watcher.error_event("cut", "Cut.", request_id="r").startswith(b"\n\nevent: error\n")
    watcher.feed(b"\n")
    assert watcher.error_event("cut", "Cut.", request_id="r").startswith(b"event: error\n")
    plain = dialect.watcher(endpoint, facts, "application/octet-stream")
    plain.feed(b"1234")
    assert plain.error_event("cut", "Cut.", request_id="r") == b""
    assert plain.outcome().output_bytes == 4
