"""The caller's side of one call: its body, our answer, and whether it is still there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from apps.kernel.errors import NetraError
from apps.kernel.lifespan import Receive, Send

Headers = list[tuple[bytes, bytes]]
# The ASGI extension of servers that tell by themselves when a caller leaves.
LEFT = "netra.left"
WhenLeft = Callable[[Callable[[], None] | None], None]


class ClientLeft(Exception):
    """The caller closed the connection while its body was being read."""


class BodyTooLarge(NetraError):
    code = "request_too_large"
    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The request body is larger than {limit} bytes, the most that this endpoint takes. "
            "Send less at once."
        )


class Client:
    """One HTTP request, as ASGI hands it over; when_left: the server's `LEFT`, if it has that."""

    __slots__ = (
        "_call",
        "_receive",
        "_send",
        "_watch",
        "_when_left",
        "has_left",
        "has_started",
        "sent_bytes",
    )

    def __init__(self, receive: Receive, send: Send, when_left: WhenLeft | None = None) -> None:
        self._receive = receive
        self._send = send
        self._when_left = when_left
        self._call: asyncio.Task[Any] | None = None
        self._watch: asyncio.Task[None] | None = None
        self.has_left = False
        self.has_started = False
        self.sent_bytes = 0

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises BodyTooLarge past `limit` bytes, ClientLeft."""
        parts: list[bytes] = []
        size, is_more = 0, True
        while is_more:
            part, is_more = await self._part()
            size += len(part)
            if size > limit:
                raise BodyTooLarge(limit)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes in. Raises ClientLeft."""
        is_more = True
        while is_more:
            part, is_more = await self._part()
            yield part

    async def _part(self) -> tuple[bytes, bool]:
        """The next piece of the body, and whether others follow. Raises ClientLeft."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.has_left = True
            raise ClientLeft
        return message.get("body", b""), message.get("more_body", False)

    def watch(self) -> None:
        """From here on, cancel the running task when the caller leaves; the body must be read."""
        self._call = asyncio.current_task()
        if self._when_left:
            self._when_left(self._leave)
        else:
            self._watch = asyncio.create_task(self._leave_when_told())

    def unwatch(self) -> None:
        """The call is settled: a caller that leaves now changes nothing."""
        self._call = None
        if self._when_left:
            self._when_left(None)
            self._when_left = None  # it leads back here, and would leave a cycle behind
        if self._watch:
            self._watch.cancel()
            self._watch = None

    async def start(self, status: int, headers: Headers) -> None:
        """Send the head of the answer."""
        self.has_started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, chunk: bytes) -> None:
        """Send a piece of the body; waits while the caller reads slower than we send."""
        self.sent_bytes += len(chunk)
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def finish(self, chunk: bytes = b"") -> None:
        """Send the end of the body."""
        self.sent_bytes += len(chunk)
        await self._send({"type": "http.response.body", "body": chunk})

    async def _leave_when_told(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        if self._call:
            self.has_left = True
            self._call.cancel()
