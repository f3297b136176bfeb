"""The ASGI lifespan protocol, which Django itself refuses."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Step = Callable[[], Awaitable[None]]


async def run_lifespan(
    receive: Receive, send: Send, *, at_start: Step | None = None, at_stop: Step | None = None
) -> None:
    """Answer the server's startup and shutdown.

    Awaits `at_start` before the server takes calls and `at_stop` after it has answered the last
    one. Source: ASGI specification, lifespan 2.0.
    """
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if at_start:
                await at_start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if at_stop:
                await at_stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
