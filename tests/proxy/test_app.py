"""What the gateway answers before it looks at a call."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import orjson
import pytest
from asgiref.testing import ApplicationCommunicator as UntypedCommunicator

from apps.proxy.app import Gateway, is_provider_path
from apps.proxy.runtime import Runtime
from tests.gateways import RunningGateway

ApplicationCommunicator: Any = UntypedCommunicator


def never_opened() -> AbstractAsyncContextManager[Runtime]:
    raise AssertionError("The lifespan was not meant to start.")


async def answer(path: str) -> tuple[int, dict[str, Any]]:
    """Status and decoded body of a GET that reaches a gateway which has not started."""
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    client = ApplicationCommunicator(Gateway(never_opened), scope)
    await client.send_input({"type": "http.request", "body": b"", "more_body": False})
    start, body = await client.receive_output(), await client.receive_output()
    return start["status"], orjson.loads(body["body"])


async def test_before_it_knows_any_key_a_call_is_503_and_never_401() -> None:
    status, body = await answer("/v1/models")
    assert status == 503
    assert body["error"]["code"] == "gateway_not_ready"


async def test_a_starting_gateway_lives_but_is_not_ready() -> None:
    assert await answer("/healthz") == (200, {"status": "ok"})
    assert await answer("/readyz") == (503, {"status": "starting"})


async def test_a_websocket_before_the_start_is_closed_to_be_tried_again() -> None:
    scope = {"type": "websocket", "path": "/v1/realtime", "headers": []}
    client = ApplicationCommunicator(Gateway(never_opened), scope)
    await client.send_input({"type": "websocket.connect"})
    assert await client.receive_output() == {
        "type": "websocket.close",
        "code": 1013,
        "reason": "gateway_not_ready",
    }


def test_a_running_gateway_reports_what_it_stands_on(gateway: RunningGateway) -> None:
    report = httpx.get(f"{gateway.url}/readyz").json()
    assert (report["status"], report["limits"]) == ("ok", "shared")
    assert report["records"] == {
        "is_durable": True,
        "backlog_bytes": 0,
        "dropped_count": 0,
        "open_count": 0,
    }
    assert "netra_gateway_open_calls" in httpx.get(f"{gateway.url}/metrics").text


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/v1/messages", True),
        ("/v2/chat", True),
        ("/p/groq/openai/v1/models", True),
        ("/openai/deployments/x", True),
        ("/api/v1/keys", False),
    ],
)
def test_only_providers_paths_leave_the_portal(path: str, is_ours: bool) -> None:
    assert is_provider_path(path) == is_ours
