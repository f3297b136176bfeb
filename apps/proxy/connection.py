"""A caller's connection: what HTTP itself forbids is refused in the shape of the provider's errors.

uvicorn --http apps.proxy.connection:Connection

Sources: RFC 9112 §3.2 (Host), §6.1 (Transfer-Encoding), RFC 9110 §6.5.1 (trailers), §7.8 (Upgrade).
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from apps.kernel.errors import NetraError
from apps.kernel.ids import uuid7
from apps.proxy.cycle import Cycle
from apps.proxy.providers.dialect import Dialect
from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import DIALECTS, dialect_of

# Request line and headers together; what came in one piece with the end of them may be more.
LARGEST_HEAD = 64 << 10
# How long an idle connection is kept once its server ends: a request may be on its way.
LAST_CALL_SECONDS = 1.0


class InvalidHttp(NetraError):
    code = "invalid_http_request"
    http_status = 400
    message = "This is no valid HTTP/1.1 request. Look at its request line, headers and framing."


class HeadTooLarge(NetraError):
    code = "request_header_too_large"
    http_status = 431
    message = f"The request's headers are larger than {LARGEST_HEAD} bytes. Send less in them."


class Connection(HttpToolsProtocol):
    """One connection, its requests one after the other."""

    _has_head = False
    _head_bytes = 0
    _running: Cycle | None = None
    _refusal: NetraError = InvalidHttp()
    _is_ending = False

    def data_received(self, data: bytes) -> None:
        """Bounds the head, which the parser would gather without end."""
        self._head_bytes += len(data)
        super().data_received(data)
        is_open = self.transport is not None and not self.transport.is_closing()
        if is_open and not self._has_head and self._head_bytes > LARGEST_HEAD:
            self._refusal = HeadTooLarge()
            self.send_400_response("")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the call that is being answered, whatever else waits behind it."""
        super().connection_lost(exc)
        if self._running:
            self._running.leave()

    def shutdown(self) -> None:
        """Called when the server ends. What comes meanwhile is answered, as the last on this
        connection: closed at once, it would be reset under a caller who is just asking.
        """
        self._is_ending = True
        if self._is_idle():
            self.loop.call_later(LAST_CALL_SECONDS, self._close_idle)
        else:
            super().shutdown()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_idle(self) -> None:
        if self._is_idle():
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = Cycle.adopt(cycle)
        cycle.keep_alive = cycle.keep_alive and not self._is_ending
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        self._has_head = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A trailer is no header: it came after what decides who asks and where to."""
        if not self._has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Raises InvalidHttp, which the parser hands on as an error of its own."""
        self._has_head = True
        self._head_bytes = 0
        if not self._is_sound():
            raise InvalidHttp
        super().on_headers_complete()

    def _is_sound(self) -> bool:
        """Nothing that two readers of one connection may understand in two ways."""
        names = [name for name, _ in self.headers]
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        is_chunked = codings == [b"chunked"] and self.parser.get_http_version() == "1.1"
        return names.count(b"host") < 2 and (not codings or is_chunked)

    def _should_upgrade(self) -> bool:
        """Only a GET opens a WebSocket; uvicorn would wait for one without end."""
        is_get = self.parser.get_method() == b"GET" and self.parser.get_http_version() == "1.1"
        return is_get and super()._should_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, and hang up."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if not (is_answering and self.cycle.response_started):
            self.transport.write(self._refused())
        self.transport.close()

    def _refused(self) -> bytes:
        refusal = self._refusal
        headers, body = self._dialect().error(
            refusal.http_status, refusal.code, refusal.detail, request_id=str(uuid7())
        )
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        head = [STATUS_LINE[refusal.http_status], *lines, b"connection: close\r\n\r\n"]
        return b"".join([*head, body])

    def _dialect(self) -> Dialect:
        """Of the path, as far as it was read."""
        path = getattr(self, "url", b"").decode("latin-1").partition("?")[0]
        try:
            return dialect_of(endpoint_of("POST", path, self.headers or ()))
        except NetraError:
            return DIALECTS["passthrough"]
