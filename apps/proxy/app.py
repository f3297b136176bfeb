"""The gateway: a bare ASGI application on the providers' paths.

It carries no provider yet: every path is answered by an error in the shape that the path's own
client library understands.
"""

from typing import Any

import orjson

from apps.kernel.lifespan import Receive, Send, run_lifespan
from apps.kernel.request_ids import HEADER, request_id_from

Scope = dict[str, Any]
# OpenAI, Anthropic and compatible ones; Google; Azure.
PROVIDER_PREFIXES = ("/v1/", "/v1beta/", "/openai/")
ANTHROPIC_PREFIX = "/v1/messages"
NO_PROVIDER = "This gateway carries no provider yet, so {path} leads nowhere. Call your provider."


def is_provider_path(path: str) -> bool:
    """Whether a request for `path` belongs to the gateway and not to the portal."""
    return path.startswith(PROVIDER_PREFIXES)


class Gateway:
    """Answers HTTP on any path, refuses WebSockets, and takes part in the lifespan."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4404})
        else:
            await _answer(scope, send)


async def _answer(scope: Scope, send: Send) -> None:
    request_id = request_id_from(_header(scope, HEADER))
    status, reply = _reply(scope["path"], request_id)
    body = orjson.dumps(reply)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
        (HEADER.encode(), request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _reply(path: str, request_id: str) -> tuple[int, dict[str, Any]]:
    if path == "/healthz":
        return 200, {"status": "ok"}
    if path == "/readyz":
        return 200, {"status": "ok", "dependencies": {}}
    return 404, _unknown_path(path, request_id)


def _unknown_path(path: str, request_id: str) -> dict[str, Any]:
    message = NO_PROVIDER.format(path=path)
    if path.startswith(ANTHROPIC_PREFIX):
        error = {"type": "not_found_error", "message": message}
        return {"type": "error", "error": error, "request_id": request_id}
    return {
        "error": {
            "message": message,
            "type": "invalid_request_error",
            "param": None,
            "code": "unknown_path",
        }
    }


def _header(scope: Scope, name: str) -> str | None:
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), None)
