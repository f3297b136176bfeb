"""The types of ASGI, and the two questions asked of a client: its body, and whether it left."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ClientGone(Exception):
    """The client closed its connection before its request was complete."""


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises ClientGone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def watch_departure(receive: Receive) -> "asyncio.Task[None]":
    """A task that ends when the client of a request, whose body was read, goes away."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return asyncio.create_task(watch())


async def run_lifespan(receive: Receive, send: Send) -> None:
    """Agree to every startup and shutdown."""
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
