"""Server-sent events as they pass: found, shown to a reader, relayed.

Source of the grammar: WHATWG HTML, "Server-sent events", 9.2.5-9.2.6.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from apps.proxy.providers.facts import Reading
from apps.proxy.providers.tally import FAULTS, Tally

# Two ends of lines in a row; (?>…) keeps one \r\n from counting as two.
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
BOM = b"\xef\xbb\xbf"
# A longer event is relayed unread; the longest known carry an image of some megabytes.
MOST_EVENT_BYTES = 32 * 1024 * 1024


class EventReader(Protocol):
    """What a dialect does with each event of a stream."""

    tally: Tally

    def read(self, name: bytes, data: bytes) -> bool:
        """Take notice of an event; True when the client must not get it. May raise FAULTS."""
        ...

    def trimmed(self, event: bytes) -> bytes:
        """The event without what the client did not ask for; the same object when that is none."""
        ...

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """The event that ends this stream when it breaks off here."""
        ...


class SseWatcher:
    """Relays a stream and shows each whole event to `reader`.

    Without `drops` a chunk is relayed at once and unchanged. With it an unfinished event is held
    back, so that a whole one can be taken out.
    """

    def __init__(self, reader: EventReader, *, drops: bool = False) -> None:
        self._reader = reader
        self._drops = drops
        self._held = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """What the client gets for `chunk`: the same object unless something is taken out."""
        if self._drops:
            return self._filter(chunk)
        for event, _ in self._events(chunk):
            self._see(event)
        return chunk

    def end(self) -> bytes:
        """The upstream ended: an event without its blank line counts, as most clients have it."""
        held, self._held = bytes(self._held), bytearray()
        is_dropped = bool(held) and self._see(held)
        return held if self._drops and not is_dropped else b""

    def outcome(self) -> Reading:
        return self._reader.tally.reading()

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        is_mid_event = bool(self._held) and not self._drops
        self._held.clear()
        event = self._reader.error_event(code, message, request_id=request_id)
        return b"\n\n" + event if is_mid_event else event

    def _filter(self, chunk: bytes) -> bytes:
        was_held = bool(self._held)
        kept, is_whole = [], True
        for event, end in self._events(chunk):
            due = b"" if self._see(event) else self._reader.trimmed(event)
            is_whole = is_whole and due is event
            if due:
                kept.append(due + end)
        if is_whole and not was_held and not self._held:
            return chunk
        return b"".join(kept)

    def _events(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The events that `chunk` completes, each with its blank line; keeps the rest."""
        if not self._held and chunk.endswith(b"\n\n") and b"\r" not in chunk:
            for event in chunk.split(b"\n\n")[:-1]:
                yield event, b"\n\n"
            return
        yield from self._split(chunk)

    def _split(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        held, last, found = self._held, 0, []
        start = max(0, len(held) - 3)
        held += chunk
        for match in _BLANK_LINE.finditer(held, start):
            if match.end() == len(held) and held.endswith(b"\r"):
                break  # its \n may be on the way
            found.append((bytes(held[last : match.start()]), bytes(match[0])))
            last = match.end()
        del held[:last]
        if len(held) > MOST_EVENT_BYTES:
            found.append((bytes(held), b""))
            held.clear()
        return found

    def _see(self, event: bytes) -> bool:
        try:
            name, data = _fields(event)
            return bool(data) and self._reader.read(name, data)
        except FAULTS:
            self._reader.tally.fault_count += 1
            return False


def _fields(event: bytes) -> tuple[bytes, bytes]:
    """Name and data of an event; comments and other fields do not matter to us."""
    if event.startswith(b"data:") and b"\n" not in event and b"\r" not in event:
        return b"", event[5:].strip()
    name, data = b"", []
    for line in event.removeprefix(BOM).splitlines():
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.strip())
        elif field == b"event":
            name = value.strip()
    return name, b"\n".join(data)
