"""The provider of the benchmark: a fixed answer, at next to no cost of its own.

python -m bench.relays.upstream PORT
"""

import asyncio
import sys
from typing import cast

import uvloop

from bench.relays.wire import streamed_answer, whole_answer

# Between two events of a stream: as fast as the fastest models write, so that they stay apart.
PAUSE_SECONDS = 0.002
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"
# Where members that matter stand in a body, before and behind its messages.
_EDGE = 512
_WHOLE = whole_answer()
_STREAMS = {asked: streamed_answer(with_usage=asked) for asked in (False, True)}


class Static(asyncio.Protocol):
    """One connection; requests follow one another on it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._awaited = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if not self._awaited:
            self._awaited = _request_size(b"".join(self._parts))
        if self._awaited and self._size >= self._awaited:
            self._answer(self._parts[0], b"".join(self._parts[-2:])[-_EDGE:])
            self._parts, self._size, self._awaited = [], 0, 0

    def _answer(self, start: bytes, end: bytes) -> None:
        edges = (start[: 4 * _EDGE] + end).replace(b": ", b":")
        if b'"stream":true' in edges:
            pieces = _STREAMS[b'"include_usage"' in edges]
            self._transport.write(pieces[0])
            self._send(pieces, 1)
        else:
            self._transport.write(_WHOLE)

    def _send(self, pieces: list[bytes], position: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(pieces[position])
        if position + 1 < len(pieces):
            self._loop.call_later(PAUSE_SECONDS, self._send, pieces, position + 1)


def _request_size(start: bytes) -> int:
    """Bytes of head and body together; 0 while the head is not whole."""
    end = start.find(_END_OF_HEAD)
    if end < 0:
        return 0
    at = start.lower().find(_LENGTH, 0, end)
    length = int(start[at + len(_LENGTH) : start.index(b"\r\n", at)]) if at >= 0 else 0
    return end + len(_END_OF_HEAD) + length


async def serve(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Static, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
