"""The gateway: a bare ASGI application on the providers' paths."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from apps.kernel.errors import NetraError
from apps.kernel.ids import uuid7
from apps.kernel.lifespan import Receive, Send, run_lifespan
from apps.proxy.client import LEFT, Client
from apps.proxy.exchange import Exchange
from apps.proxy.pipeline import carry
from apps.proxy.probes import PROBES, answer_probe
from apps.proxy.providers.paths import endpoint_of, is_provider_path
from apps.proxy.providers.registry import DIALECTS
from apps.proxy.runtime import Runtime
from apps.proxy.snapshot import Snapshot
from apps.proxy.websocket import carry_websocket

__all__ = ["Gateway", "is_provider_path"]

Scope = dict[str, Any]


class NotReady(NetraError):
    code = "gateway_not_ready"
    http_status = 503
    message = "The gateway is starting and knows no keys yet. Try again in a moment."


class Gateway:
    """Answers HTTP and WebSockets on any path, and takes part in the lifespan.

    open_runtime: makes what the process holds while it runs, and takes it back at the end.
    """

    def __init__(self, open_runtime: Callable[[], AbstractAsyncContextManager[Runtime]]) -> None:
        self._open_runtime = open_runtime
        self._opened = AsyncExitStack()
        self._runtime: Runtime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, at_start=self.start, at_stop=self.stop)
        elif scope["type"] == "http" and scope["path"] in PROBES:
            await answer_probe(scope["path"], self._runtime, send)
        else:
            await self._carry(scope, receive, send)

    async def start(self) -> None:
        """Open what the calls need."""
        self._runtime = await self._opened.enter_async_context(self._open_runtime())

    async def stop(self) -> None:
        """Give it back; the server has answered every call by now."""
        self._runtime = None
        await self._opened.aclose()

    def _ready(self) -> tuple[Runtime, Snapshot]:
        """Raises NotReady."""
        snapshot = self._runtime.snapshot() if self._runtime else None
        if self._runtime is None or snapshot is None:
            raise NotReady
        return self._runtime, snapshot

    async def _carry(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            runtime, snapshot = self._ready()
            exchange = _exchange(scope, _client(scope, receive, send), snapshot)
        except NetraError as error:
            await _refuse(scope, send, error)
            return
        if scope["type"] == "websocket":
            await carry_websocket(exchange, runtime, scope, receive, send)
        else:
            await carry(exchange, runtime)


def _client(scope: Scope, receive: Receive, send: Send) -> Client:
    return Client(receive, send, scope.get("extensions", {}).get(LEFT))


def _exchange(scope: Scope, client: Client, snapshot: Snapshot) -> Exchange:
    """Raises UnknownProvider, UnsafePath."""
    method, path = scope.get("method", "GET"), _raw_path(scope)
    endpoint = endpoint_of(method, path, scope["headers"])
    return Exchange(
        client=client,
        method=method,
        path=path,
        query=scope["query_string"].decode("latin-1"),
        headers=scope["headers"],
        snapshot=snapshot,
        endpoint=endpoint,
        dialect=DIALECTS[endpoint.dialect],
        subprotocols=tuple(scope.get("subprotocols", ())),
    )


def _raw_path(scope: Scope) -> str:
    """The path as it came, for an escaped slash is no slash."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


async def _refuse(scope: Scope, send: Send, error: NetraError) -> None:
    """Before anything is known of the call."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013, "reason": error.code})
        return
    headers, body = DIALECTS["passthrough"].error(
        error.http_status, error.code, error.detail, request_id=str(uuid7())
    )
    start = {"type": "http.response.start", "status": error.http_status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
