"""One connection to a provider, and one answer after the other on it.

httptools parses; what comes is kept as it came, for that is how it goes on. Sources: RFC 9112 §6.3
(how an answer ends), §9.3 (when a connection serves again), RFC 9110 §15.2 (interim answers).
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import cast

import httptools

from apps.proxy.failures import FirstByteTimeout, IdleTimeout, Truncated, UpstreamFailure
from apps.proxy.upstream import Pairs, Upstream

READ_BUFFER_BYTES = 1 << 17
_SWITCHED = 101
_FRAMED = frozenset({b"content-length", b"transfer-encoding"})
# gzip's header or zlib's, by what comes.
_INFLATING = {b"gzip": zlib.MAX_WBITS | 32, b"x-gzip": zlib.MAX_WBITS | 32, b"deflate": 15}
_PLAIN = frozenset({b"", b"identity"})


class Unasked(Exception):
    """The provider sends what nobody asked it for."""


class Wire(asyncio.Protocol):
    """The connection. when_idle: takes it back once it can serve again; when_lost: forgets it."""

    def __init__(
        self, when_idle: Callable[["Wire"], None], when_lost: Callable[["Wire"], None]
    ) -> None:
        self._when_idle, self._when_lost = when_idle, when_lost
        self._reply: Reply | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's derive from nothing

    def data_received(self, data: bytes) -> None:
        if self._reply is None:  # nobody asked
            self.close()
        else:
            self._reply.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._reply:
            self._reply.lose(is_clean=exc is None)
        self._when_lost(self)

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, head: bytes, body: bytes, idle_seconds: float) -> "Reply":
        """Send a request; what comes from now on is its answer. Raises Truncated."""
        if self._transport is None:
            raise Truncated
        self._reply = Reply(self, idle_seconds)
        self._transport.writelines((head, body))
        return self._reply

    def settle(self, *, may_serve: bool) -> None:
        """The answer is over. Whatever was not sent by now, nobody waited for."""
        self._reply = None
        transport = self._transport
        if may_serve and transport and not transport.get_write_buffer_size() and self.is_open:
            self._when_idle(self)
        else:
            self.close()

    def set_reading(self, *, is_on: bool) -> None:
        """Go on reading, or let the provider wait."""
        if self._transport and is_on:
            self._transport.resume_reading()
        elif self._transport:
            self._transport.pause_reading()

    def close(self) -> None:
        """Drop the connection at once."""
        if self._transport:
            self._transport.abort()


class Reply(Upstream):
    """The answer to one request; made before anything of it has come."""

    __slots__ = (
        "_chunks",
        "_failure",
        "_held_bytes",
        "_idle_seconds",
        "_inflate",
        "_is_complete",
        "_is_interim",
        "_parser",
        "_waiter",
        "_wire",
    )

    def __init__(self, wire: Wire, idle_seconds: float) -> None:
        super().__init__(0, [])
        self._wire, self._idle_seconds = wire, idle_seconds
        # Let go of at the end: they hold each other, and cycles are left to a slow collector.
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._held_bytes = 0
        self._inflate: zlib._Decompress | None = None
        self._failure: UpstreamFailure | None = None
        self._is_complete = self._is_interim = False
        self._waiter: asyncio.Future[None] | None = None

    async def head(self, seconds: float) -> None:
        """Wait until status and headers are there. Raises FirstByteTimeout, Truncated."""
        while not self.status:
            if self._failure:
                raise self._failure
            await self._wait(seconds, FirstByteTimeout)

    async def next_chunk(self) -> bytes:
        """As Upstream says; what came before a failure is handed out before it."""
        while not self._chunks:
            if self._failure:
                raise self._failure
            if self._is_complete:
                return b""
            await self._wait(self._idle_seconds, IdleTimeout)
        return self._taken()

    def release(self) -> None:
        """A complete one gave its connection back by itself."""
        self.abort()

    def abort(self) -> None:
        if not self._is_complete:
            self._fail()

    def feed(self, data: bytes) -> None:
        """What came on the wire."""
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, zlib.error):
            self._wire.close()
            self._fail()

    def lose(self, *, is_clean: bool) -> None:
        """The connection is gone, which ends a body that has no other end."""
        is_framed = any(name.lower() in _FRAMED for name, _ in self.headers)
        if is_clean and self.status and not is_framed:
            self._end(may_serve=False)
        else:
            self._fail()

    def on_message_begin(self) -> None:
        """Another answer behind the one that was asked for: nothing of it is taken."""
        if self._is_complete:
            raise Unasked

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code() if self._parser else 0
        if status == _SWITCHED:
            raise Unasked
        self._is_interim = status < 200
        if self._is_interim:
            self.headers.clear()
            return
        self._inflate = _inflating(self.headers)
        self.status = status
        self._wake()

    def on_body(self, body: bytes) -> None:
        if self._inflate:
            body = self._inflate.decompress(body)
        if not body:
            return
        self._chunks.append(body)
        self._held_bytes += len(body)
        if self._held_bytes > READ_BUFFER_BYTES:
            self._wire.set_reading(is_on=False)
        self._wake()

    def on_message_complete(self) -> None:
        if self._is_interim:
            return
        self._end(may_serve=bool(self._parser and self._parser.should_keep_alive()))

    def _end(self, *, may_serve: bool) -> None:
        if self._inflate and not self._inflate.eof:
            self._fail()
            return
        self._is_complete, self._parser = True, None
        if self._held_bytes > READ_BUFFER_BYTES:
            self._wire.set_reading(is_on=True)
        self._wire.settle(may_serve=may_serve)
        self._wake()

    def _fail(self) -> None:
        if not self._is_complete and not self._failure:
            self._failure, self._parser = Truncated(), None
            self._wire.settle(may_serve=False)
            self._wake()

    def _taken(self) -> bytes:
        chunks = self._chunks
        taken = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        if self._held_bytes > READ_BUFFER_BYTES and not self._is_complete:
            self._wire.set_reading(is_on=True)
        self._held_bytes = 0
        return taken

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, seconds: float, failure: type[UpstreamFailure]) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(seconds, _expire, waiter, failure)
        try:
            await waiter
        finally:
            timer.cancel()


def _expire(waiter: asyncio.Future[None], failure: type[UpstreamFailure]) -> None:
    if not waiter.done():
        waiter.set_exception(failure())


def _inflating(headers: Pairs) -> "zlib._Decompress | None":
    """What undoes a compression that we did not ask for. Raises zlib.error for one unknown."""
    codings = [value for name, value in headers if name.lower() == b"content-encoding"]
    coding = b",".join(codings).strip().lower() if codings else b""
    if coding in _PLAIN:
        return None
    if coding not in _INFLATING:
        raise zlib.error(f"The coding {coding!r} is none that we read.")
    return zlib.decompressobj(_INFLATING[coding])
