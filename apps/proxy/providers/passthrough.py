"""What we do not read: carried untouched, recorded by its bytes and status."""

from apps.proxy.providers.body import BodyWatcher
from apps.proxy.providers.dialect import SSE, Dialect, Watcher, header_of, provider_request_id
from apps.proxy.providers.facts import Endpoint, Header, Headers, Reading, RequestFacts
from apps.proxy.providers.tally import Tally


class _Blind:
    """Reads nothing; breaks off as `speaker` does."""

    def __init__(self, speaker: Dialect) -> None:
        self.tally = Tally()
        self._speaker = speaker

    def parse(self, body: bytes) -> None:
        """It is not looked into."""

    def read_answer(self, document: object) -> None:
        """Nothing in it is known."""

    def reading(self) -> Reading:
        """The count of bytes."""
        return self.tally.reading()

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """In the shape of the family's own streams."""
        return self._speaker.error_event(code, message, request_id=request_id)


class _BlindWatcher(BodyWatcher):
    """Counts bytes; knows only whether a stream stands between two events."""

    def __init__(self, speaker: Dialect, *, is_events: bool) -> None:
        self._blind = _Blind(speaker)
        super().__init__(self._blind, is_json=False)
        self._is_events = is_events
        self._last = b"\n\n"

    def feed(self, chunk: bytes) -> bytes:
        self._last = (self._last + chunk)[-2:] if len(chunk) < 2 else chunk[-2:]
        return super().feed(chunk)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        if not self._is_events:
            return b""
        start = b"" if self._last == b"\n\n" else b"\n\n"
        return start + self._blind.error_event(code, message, request_id=request_id)


class PassThrough:
    """Any path without a dialect; errors of ours have the shape of `speaker`."""

    def __init__(self, name: str, speaker: Dialect) -> None:
        self.name = name
        self._speaker = speaker

    def read_request(self, endpoint: Endpoint, headers: Headers, body: bytes) -> RequestFacts:
        """The model when the path names it; the body is not looked into."""
        return RequestFacts(
            model=endpoint.model, content_type=header_of(headers, b"content-type") or ""
        )

    def prepare(
        self,
        body: bytes,
        facts: RequestFacts,
        *,
        model: str | None = None,
        needs_usage: bool = False,
    ) -> bytes:
        """The body itself."""
        return body

    def watcher(
        self,
        endpoint: Endpoint,
        facts: RequestFacts,
        content_type: str,
        *,
        strip_usage: bool = False,
    ) -> Watcher:
        """Counts bytes."""
        return _BlindWatcher(self._speaker, is_events=content_type.startswith(SSE))

    def read_body(
        self, endpoint: Endpoint, facts: RequestFacts, status: int, headers: Headers, body: bytes
    ) -> Reading:
        """Bytes and whether it failed."""
        failed = status >= 400
        return Reading(
            output_bytes=len(body),
            is_complete=True,
            is_error=failed,
            error_code=f"http_{status}" if failed else None,
            provider_request_id=provider_request_id(headers),
        )

    def error(
        self, status: int, code: str, message: str, *, request_id: str, param: str | None = None
    ) -> tuple[list[Header], bytes]:
        """As the family's own API writes it."""
        return self._speaker.error(status, code, message, request_id=request_id, param=param)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """As the family's own streams have it."""
        return self._speaker.error_event(code, message, request_id=request_id)
