"""Server-sent events as they pass: found, shown to a reader, relayed.

Source of the grammar: WHATWG HTML, "Server-sent events", 9.2.5-9.2.6.
"""

import re
from typing import Protocol

from apps.proxy.providers.facts import Reading
from apps.proxy.providers.sse_frame import NO_FRAME, learn_frame
from apps.proxy.providers.tally import FAULTS, Tally

# Two ends of lines in a row; (?>…) keeps one \r\n from counting as two.
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
BOM = b"\xef\xbb\xbf"
# A longer event is relayed unread; the longest known carry an image of some megabytes.
MOST_EVENT_BYTES = 32 * 1024 * 1024

Event = tuple[bytes, bytes]


class EventReader(Protocol):
    """What a dialect does with each event of a stream.

    `plain` is the text of the event read last when it was nothing but that text, else empty.
    """

    tally: Tally
    plain: str

    def read(self, name: bytes, data: bytes) -> bool:
        """Take notice of an event; True when the client must not get it. May raise FAULTS."""
        ...

    def trimmed(self, events: bytes) -> bytes:
        """Whole events without what only we asked for; the same object when that is nothing."""
        ...

    def reading(self) -> Reading:
        """What is known by now. Never raises."""
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
        self._frame = NO_FRAME

    def feed(self, chunk: bytes) -> bytes:
        """What the client gets for `chunk`: the same object unless something is taken out."""
        at = 0
        if not self._held:
            at, text_bytes = self._frame.run(chunk)
            self._reader.tally.output_bytes += text_bytes
            if at == len(chunk):
                return self._reader.trimmed(chunk) if self._drops else chunk
        if self._drops:
            return self._reader.trimmed(self._filter(chunk, at))
        for event in self._events(chunk[at:] if at else chunk):
            self._see(event)
        return chunk

    def end(self) -> bytes:
        """The upstream ended: an event without its blank line counts, as most clients have it."""
        held, self._held = bytes(self._held), bytearray()
        is_dropped = bool(held) and self._see((held, b""))
        return self._reader.trimmed(held) if self._drops and not is_dropped else b""

    def outcome(self) -> Reading:
        return self._reader.reading()

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        is_mid_event = bool(self._held) and not self._drops
        self._held.clear()
        event = self._reader.error_event(code, message, request_id=request_id)
        return b"\n\n" + event if is_mid_event else event

    def _filter(self, chunk: bytes, at: int) -> bytes:
        """The whole events of `chunk`, of which those before `at` are read, without the dropped."""
        was_held = bool(self._held)
        events = self._events(chunk[at:] if at else chunk)
        kept = [event + end for event, end in events if not self._see((event, end))]
        if len(kept) == len(events) and not was_held and not self._held:
            return chunk
        return b"".join([chunk[:at], *kept])

    def _events(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes, each with its blank line; keeps the rest."""
        if not self._held and chunk.endswith(b"\n\n") and b"\r" not in chunk:
            return [(event, b"\n\n") for event in chunk.split(b"\n\n")[:-1]]
        return self._split(chunk)

    def _split(self, chunk: bytes) -> list[Event]:
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

    def _see(self, event: Event) -> bool:
        reader = self._reader
        try:
            name, data = _fields(event[0])
            is_dropped = bool(data) and reader.read(name, data)
        except FAULTS:
            reader.tally.fault_count += 1
            return False
        if reader.plain:
            self._frame = learn_frame(event[0] + event[1], reader.plain) or self._frame
            reader.plain = ""
        return is_dropped


def _fields(event: bytes) -> tuple[bytes, bytes]:
    """Name and data of an event; comments and other fields do not matter to us."""
    head, mark, rest = event.partition(b"data:")
    is_usual = not head or (head.startswith(b"event:") and head.find(b"\n") == len(head) - 1)
    if mark and is_usual and b"\n" not in rest and b"\r" not in event:
        return head[6:].strip(), rest.strip()
    name, data = b"", []
    for line in event.removeprefix(BOM).splitlines():
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.strip())
        elif field == b"event":
            name = value.strip()
    return name, b"\n".join(data)
