"""The ASGI lifespan protocol, which Django itself refuses."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def run_lifespan(
    receive: Receive, send: Send, *, at_stop: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Answer the server's startup and shutdown; awaits `at_stop` before the process ends.

    Source: ASGI specification, lifespan 2.0.
    """
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if at_stop:
                await at_stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
