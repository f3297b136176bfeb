"""Watches an answer that is no stream of events: the whole of it counts, when it has come."""

from typing import Any, Protocol

from apps.proxy.providers.facts import Reading
from apps.proxy.providers.tally import FAULTS, Tally

# What is kept to be read; a longer body is relayed all the same, but its usage stays unknown.
MOST_BODY_BYTES = 64 * 1024 * 1024


class AnswerReader(Protocol):
    """What a dialect does with a whole answer."""

    tally: Tally

    def read_answer(self, document: Any) -> None:
        """Take notice of a parsed body. May raise FAULTS."""
        ...

    def parse(self, body: bytes) -> Any:
        """The body, or as much of it as matters. Raises JSONDecodeError."""
        ...

    def reading(self) -> Reading:
        """What is known by now. Never raises."""
        ...


def read_json(reader: AnswerReader, body: bytes) -> None:
    """Show a body to `reader`; what cannot be read counts as a fault. Never raises."""
    try:
        reader.read_answer(reader.parse(body))
    except FAULTS:
        reader.tally.fault_count += 1
    else:
        reader.tally.is_complete = True


class BodyWatcher:
    """Relays each chunk at once and reads the whole at its end, when it `is_json`."""

    def __init__(self, reader: AnswerReader, *, is_json: bool) -> None:
        self._reader = reader
        self._is_json = is_json
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def feed(self, chunk: bytes) -> bytes:
        """The chunk itself."""
        self._kept_bytes += len(chunk)
        if not self._is_json:
            self._reader.tally.output_bytes += len(chunk)
        elif self._kept_bytes <= MOST_BODY_BYTES:
            self._kept.append(chunk)
        else:
            self._kept.clear()
        return chunk

    def end(self) -> bytes:
        """Nothing was held back; reads what came."""
        if self._is_json:
            read_json(self._reader, b"".join(self._kept))
            self._kept.clear()
        else:
            self._reader.tally.is_complete = True
        return b""

    def outcome(self) -> Reading:
        return self._reader.reading()

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """Nothing: half a body cannot be mended, the connection must be cut."""
        return b""
