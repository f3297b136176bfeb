"""One request on a caller's connection and its answer, in a third of uvicorn's time.

uvicorn looks at each header of an answer with two patterns, and tells an application only when
asked that its caller has left, which takes a task for each call. Here the head is looked at once,
and `LEFT` in the scope's extensions takes what is to be called when the caller leaves.
"""

import re
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from apps.proxy.client import LEFT, Headers

# RFC 9110 §5.5; line breaks are counted, since they part the lines.
_FORBIDDEN = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BODILESS = frozenset({204, 304})


class InvalidHeader(RuntimeError):
    """An answer's header holds what would end its line."""


class Cycle(RequestResponseCycle):
    """A cycle of uvicorn's that becomes one of these before its application is called."""

    _left: Callable[[], None] | None = None

    @classmethod
    def adopt(cls, cycle: RequestResponseCycle) -> "Cycle":
        """`cycle` itself, which nobody has used yet."""
        cycle.__class__ = cls
        adopted = cast(Cycle, cycle)
        extensions: dict[str, Any] = {LEFT: adopted.when_left}
        adopted.scope["extensions"] = extensions
        return adopted

    def when_left(self, callback: Callable[[], None] | None) -> None:
        """Call this once the caller has gone, at once if it has; None for nothing any more."""
        self._left = callback
        if callback and self.disconnected:
            callback()

    def leave(self) -> None:
        """The connection is lost."""
        if not self.response_complete:
            self.disconnected = True
            self.scope.pop("extensions", None)
            self.message_event.set()
            if self._left:
                self._left()

    async def send(self, message: Any) -> None:
        """As ASGI says. Raises InvalidHeader, and RuntimeError for what is out of its turn."""
        if self.disconnected:
            return
        if self.flow.write_paused:
            await self.flow.drain()
        if not self.response_started:
            self._start(message["status"], message.get("headers", []))
        elif self.response_complete:
            raise RuntimeError("The answer is complete already.")
        else:
            self._write(message.get("body", b""), is_last=not message.get("more_body", False))

    def _start(self, status: int, headers: Headers) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        self.transport.write(self._head(status, [*self.default_headers, *headers]))

    def _head(self, status: int, headers: Headers) -> bytes:
        named = dict(headers)
        if b"close" in named.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append((b"connection", b"close"))
        length = named.get(b"content-length")
        self.chunked_encoding = length is None and b"transfer-encoding" in named
        self.expected_content_length = int(length) if length is not None else 0
        is_bodiless = status in _BODILESS or self.scope["method"] == "HEAD"
        if length is None and not self.chunked_encoding and not is_bodiless:
            self.chunked_encoding = True
            headers.append((b"transfer-encoding", b"chunked"))
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        is_sound = lines.count(b"\n") == lines.count(b"\r") == len(headers)
        if not is_sound or _FORBIDDEN.search(lines):
            raise InvalidHeader("A header of the answer holds a line break or a control character.")
        return STATUS_LINE[status] + lines + b"\r\n"

    def _write(self, body: bytes, *, is_last: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
        elif self.chunked_encoding:
            self._write_chunk(body, is_last=is_last)
        else:
            self._write_counted(body)
        if is_last:
            self._complete()

    def _write_chunk(self, body: bytes, *, is_last: bool) -> None:
        parts = [b"%x\r\n" % len(body), body, b"\r\n"] if body else []
        if is_last:
            parts.append(b"0\r\n\r\n")
        self.transport.write(b"".join(parts))

    def _write_counted(self, body: bytes) -> None:
        self.expected_content_length -= len(body)
        if self.expected_content_length < 0:
            raise RuntimeError("The answer is longer than its content-length.")
        self.transport.write(body)

    def _complete(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("The answer is shorter than its content-length.")
        self.response_complete = True
        self.scope.pop("extensions", None)  # it leads back here, and would leave a cycle behind
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
