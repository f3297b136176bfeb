"""The gateway answers every path honestly and in the shape its clients read."""

from typing import Any

import orjson
import pytest
from asgiref.testing import ApplicationCommunicator as UntypedCommunicator

from apps.proxy.app import Gateway, is_provider_path

ApplicationCommunicator: Any = UntypedCommunicator


async def answer(path: str, **headers: str) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
    """Status, headers and decoded body of a GET."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": pairs}
    client = ApplicationCommunicator(Gateway(), scope)
    await client.send_input({"type": "http.request", "body": b"", "more_body": False})
    start, body = await client.receive_output(), await client.receive_output()
    return start["status"], dict(start["headers"]), orjson.loads(body["body"])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1beta/models", "/x"])
async def test_a_path_without_provider_is_an_error_as_openai_writes_it(path: str) -> None:
    status, headers, body = await answer(path)
    assert status == 404
    assert headers[b"content-type"] == b"application/json"
    assert body == {
        "error": {
            "message": f"This gateway carries no provider yet, so {path} leads nowhere. "
            "Call your provider.",
            "type": "invalid_request_error",
            "param": None,
            "code": "unknown_path",
        }
    }


async def test_anthropics_path_gets_an_error_as_anthropic_writes_it() -> None:
    status, _, body = await answer("/v1/messages", **{"x-request-id": "trace-0001"})
    assert status == 404
    assert body["type"] == "error"
    assert body["error"]["type"] == "not_found_error"
    assert body["request_id"] == "trace-0001"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/healthz", {"status": "ok"}), ("/readyz", {"status": "ok", "dependencies": {}})],
)
async def test_probes_are_answered_without_any_dependency(path: str, body: dict[str, Any]) -> None:
    status, headers, found = await answer(path)
    assert (status, found) == (200, body)
    assert int(headers[b"content-length"]) == len(orjson.dumps(body))


@pytest.mark.parametrize("given", ["short", "has space here", "line\nbreak-0001", "x" * 65])
async def test_a_malformed_request_id_is_replaced(given: str) -> None:
    _, headers, _ = await answer("/healthz", **{"x-request-id": given})
    assert headers[b"x-request-id"].decode() != given
    assert len(headers[b"x-request-id"]) == 36


async def test_websockets_are_refused() -> None:
    scope = {"type": "websocket", "path": "/v1/realtime", "headers": []}
    client = ApplicationCommunicator(Gateway(), scope)
    await client.send_input({"type": "websocket.connect"})
    assert await client.receive_output() == {"type": "websocket.close", "code": 4404}


async def test_the_lifespan_is_answered() -> None:
    client = ApplicationCommunicator(Gateway(), {"type": "lifespan"})
    await client.send_input({"type": "lifespan.startup"})
    assert await client.receive_output() == {"type": "lifespan.startup.complete"}
    await client.send_input({"type": "lifespan.shutdown"})
    assert await client.receive_output() == {"type": "lifespan.shutdown.complete"}
    await client.wait()


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [("/v1/messages", True), ("/openai/deployments/x", True), ("/api/v1/keys", False)],
)
def test_only_providers_paths_leave_the_portal(path: str, is_ours: bool) -> None:
    assert is_provider_path(path) == is_ours
