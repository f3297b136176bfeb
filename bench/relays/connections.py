"""One keep-alive connection that sends the same request again and again, and times the answers."""

import asyncio
import sys
from collections.abc import Callable
from time import perf_counter
from typing import cast

_END_OF_HEAD = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class UnexpectedAnswer(Exception):
    """Anything but a whole 200."""


class Connection(asyncio.Protocol):
    """done(connection) is called at the end of each answer; times are of perf_counter."""

    def __init__(self, request: bytes, done: Callable[["Connection"], None]) -> None:
        self._request, self._done = request, done
        self.due_at = self.first_at = self.ended_at = 0.0
        self._head = b""
        self._left: int | None = None
        self._tail = b""
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, due_at: float) -> None:
        """Ask. due_at: from when the answer is waited for."""
        self.due_at, self.first_at = due_at, 0.0
        self._head, self._left, self._tail = b"", None, b""
        self._transport.write(self._request)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._left is None:
            self._head += data
            end = self._head.find(_END_OF_HEAD)
            if end < 0:
                return
            self._left = self._length(self._head[:end])
            data = self._head[end + len(_END_OF_HEAD) :]
        if data:
            self._take(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def _take(self, data: bytes) -> None:
        self.first_at = self.first_at or perf_counter()
        if self._left == -1:
            self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
            is_whole = self._tail == _LAST_CHUNK
        else:
            self._left = (self._left or 0) - len(data)
            is_whole = self._left <= 0
        if is_whole:
            self.ended_at = perf_counter()
            self._done(self)

    def _length(self, head: bytes) -> int:
        """Bytes of the body, -1 for one in chunks. Raises UnexpectedAnswer."""
        if b" 200 " not in head.partition(b"\r\n")[0]:
            self._transport.abort()
            print(head.decode("latin-1"), file=sys.stderr)
            raise UnexpectedAnswer(head.partition(b"\r\n")[0].decode("latin-1"))
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return int(line[15:])
        return -1
