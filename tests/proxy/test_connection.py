"""A caller's connection while its server ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from apps.proxy import connection
from apps.proxy.connection import Connection

REQUEST = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Streams, ServerState]]:
    """A caller's streams, and what the server knows of its connections."""
    config, state = uvicorn.Config(application, lifespan="off"), ServerState()
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield (reader, writer), state
    finally:
        writer.close()
        await writer.wait_closed()
        server.close()


async def asked(streams: Streams) -> bytes:
    """The head of the answer to one more request."""
    reader, writer = streams
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"ok"
    return head


async def test_a_request_that_is_on_its_way_is_answered_as_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "LAST_CALL_SECONDS", 60.0)
    async with connected() as (streams, state):
        assert b"connection: close" not in await asked(streams)
        for each in list(state.connections):
            each.shutdown()
        assert b"connection: close" in await asked(streams)
        assert await streams[0].read() == b""


async def test_a_connection_on_which_nothing_comes_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "LAST_CALL_SECONDS", 0.01)
    async with connected() as (streams, state):
        await asked(streams)
        for each in list(state.connections):
            each.shutdown()
        assert await streams[0].read() == b""
