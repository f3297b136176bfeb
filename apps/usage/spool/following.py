"""What one writer recorded, in order: ends, content, and calls that will never end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from apps.usage.spool.folders import WriterFolder
from apps.usage.spool.frames import LAST, Frame, Kind
from apps.usage.spool.scanning import SegmentReader

Position = tuple[int, int]
START: Position = (0, 0)


class Record(NamedTuple):
    """To be stored. payload: an encoded Event for END, a Begin for INTERRUPTED, sealed content,
    or what a call is deferred with."""

    kind: Kind
    event_id: bytes
    organization_id: bytes
    payload: bytes


class _Opened(NamedTuple):
    segment: int
    frame: Frame


@dataclass(slots=True)
class Follower:
    """Follows one writer from its oldest segment on; deletes what is stored elsewhere.

    stored: up to where records were stored earlier. What lies before is read again, because calls
    open since then are found there; most of its records are not returned a second time.
    """

    folder: WriterFolder
    stored: Position = START
    is_finished: bool = False
    damaged_bytes: int = 0
    waiting_bytes: int = 0
    _reader: SegmentReader | None = None
    _open: dict[bytes, _Opened] = field(default_factory=dict)

    @property
    def position(self) -> Position:
        """Up to where records have been returned."""
        return (self._reader.number, self._reader.offset) if self._reader else START

    @property
    def open_count(self) -> int:
        return len(self._open)

    def read(self, limit_bytes: int) -> list[Record]:
        """The next records, about `limit_bytes` of them; [] when there is none for now."""
        is_dead = self.folder.is_dead()  # before the listing, so that nothing comes after it
        numbers = self.folder.numbers()
        found: list[Record] = []
        size = 0
        for records in self._batches(numbers, is_dead=is_dead):
            found += records
            size += sum(len(record.payload) for record in records)
            if size >= limit_bytes:
                self.waiting_bytes = self._unread(numbers)
                return found
        self.waiting_bytes = 0
        return found

    def settle(self) -> None:
        """Everything returned so far is stored: delete the files that nobody needs any more."""
        self.stored = max(self.stored, self.position)
        if self.is_finished:
            self.close()
            self.folder.remove()
            return
        needed = {opened.segment for opened in self._open.values()}
        for number in self.folder.numbers():
            if number < self.position[0] and number not in needed:
                self.folder.segment(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files."""
        if self._reader:
            self.damaged_bytes += self._reader.damaged_bytes
            self._reader.close()
        self._reader = None

    def _batches(self, numbers: list[int], *, is_dead: bool) -> Iterator[list[Record]]:
        for number in numbers:
            if number < self.position[0]:
                continue
            reader = self._reader_of(number)
            is_final = is_dead or number != numbers[-1]
            while frames := reader.read(is_final=is_final):
                yield self._new(reader, self._records(reader.number, frames))
        if is_dead and not self.is_finished:
            self.is_finished = True
            yield self._interrupt(set(self._open))

    def _reader_of(self, number: int) -> SegmentReader:
        if self._reader is None or self._reader.number != number:
            self.close()
            self._reader = SegmentReader(self.folder.segment(number), number)
        return self._reader

    def _new(self, reader: SegmentReader, records: list[Record]) -> list[Record]:
        return records if (reader.number, reader.offset) > self.stored else []

    def _records(self, segment: int, frames: list[Frame]) -> list[Record]:
        found: list[Record] = []
        for frame in frames:
            if frame.kind == Kind.BEGIN:
                self._open[frame.event_id] = _Opened(segment, frame)
            elif frame.kind == Kind.HEAD:
                found += self._interrupt(set(self._open) - _ids(frame.payload))
            elif frame.kind in _STORED:
                if frame.kind in LAST:
                    self._open.pop(frame.event_id, None)
                found.append(Record(_STORED[frame.kind], *frame[1:]))
        return found

    def _interrupt(self, calls: set[bytes]) -> list[Record]:
        """Calls whose end was lost: the writer is gone, or went on without them."""
        gone = [self._open.pop(call).frame for call in sorted(calls)]
        return [Record(Kind.INTERRUPTED, *frame[1:]) for frame in gone]

    def _unread(self, numbers: list[int]) -> int:
        number, offset = self.position
        sizes = [self.folder.segment(each).stat().st_size for each in numbers if each >= number]
        return sum(sizes) - offset


_STORED = {int(kind): kind for kind in (Kind.END, Kind.CONTENT, Kind.DEFERRED)}


def _ids(payload: bytes) -> set[bytes]:
    return {payload[at : at + 16] for at in range(0, len(payload), 16)}
