"""The writing side: one writer in each process, called from its event loop and one thread."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from apps.kernel.events import Begin, Event, encode
from apps.usage.spool.backlog import Backlog, Waiting
from apps.usage.spool.folders import WriterFolder, make_folder
from apps.usage.spool.frames import LAST, NOBODY, Kind, pack
from apps.usage.spool.segments import Segment

SEGMENT_BYTES = 16 * 2**20
BACKLOG_BYTES = 64 * 2**20
# How long a disk that had no room is left alone, so that calls do not pay for asking it.
RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class SpoolState:
    """is_durable: everything handed over is on disk. dropped_count: records lost for good.

    backlog_bytes: frames in memory, which a kill would lose. open_count: calls begun, not ended.
    """

    is_durable: bool
    backlog_bytes: int
    dropped_count: int
    open_count: int


class SpoolWriter:
    """Appends records; what it has written survives a kill of the process.

    Never raises for a disk that is full or away: frames wait in memory, at most `backlog_bytes`,
    and are written as soon as there is room. Past that the oldest are dropped and counted.
    """

    def __init__(
        self,
        folder: Path,
        process_name: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        backlog_bytes: int = BACKLOG_BYTES,
    ) -> None:
        self._spool = folder
        self._process_name = process_name
        self._segment_bytes = segment_bytes
        self._backlog = Backlog(backlog_bytes)
        self._guard = threading.Lock()
        self._folder: WriterFolder | None = None
        self._alive: int | None = None  # the descriptor that holds our lock
        self._segment: Segment | None = None
        self._number = 0
        self._is_renamed = False
        self._retry_at = 0.0
        self._dropped_count = 0
        # Calls whose beginning is on disk and whose end is not, with the frame of the beginning.
        self._open: dict[bytes, bytes] = {}
        self._rotate(0)

    @property
    def state(self) -> SpoolState:
        with self._guard:
            return SpoolState(
                is_durable=not self._backlog,
                backlog_bytes=self._backlog.held_bytes,
                dropped_count=self._dropped_count,
                open_count=len(self._begun()),
            )

    def begin(self, begin: Begin) -> None:
        """Record that a call goes out. To be called before anything goes upstream."""
        self._take(Kind.BEGIN, begin.event_id, begin.organization_id, encode(begin))

    def end(self, event: Event) -> None:
        """Record what became of a call. To be called before its response ends."""
        self._take(Kind.END, event.event_id, event.organization_id, encode(event))

    def content(self, event_id: UUID, organization_id: UUID, sealed: bytes) -> None:
        """Record the encrypted content of a call whose project asked for it."""
        self._take(Kind.CONTENT, event_id, organization_id, sealed)

    def defer(self, event_id: UUID, organization_id: UUID, deferral: bytes) -> bool:
        """Record that a call goes on elsewhere, which ends it here; whether the file has it.

        Where it has not, nothing is recorded and the call stays open: whoever promises an answer
        for later must have it written down.
        """
        call = event_id.bytes
        frame = pack(Kind.DEFERRED, call, organization_id.bytes, deferral)
        with self._guard:
            return not self._backlog and self._written(Waiting(Kind.DEFERRED, call, frame))

    def sync(self) -> None:
        """Flush to the disk itself and retry what waits. To be called about once a second."""
        with self._guard:
            self._drain()
            held = [os.dup(self._segment.descriptor)] if self._segment else []
            if self._is_renamed and self._folder:
                held.append(os.open(self._folder.path, os.O_RDONLY))
            self._is_renamed = False
        for descriptor in held:  # outside the lock: a disk may take its time
            _flush(descriptor)

    def close(self) -> None:
        """Let go of the files. Calls still open then count as interrupted."""
        self.sync()
        with self._guard:
            if self._segment:
                self._segment.close()
            if self._alive is not None:
                os.close(self._alive)
            self._segment = self._alive = None

    def _begun(self) -> set[bytes]:
        waiting = self._backlog.calls
        return (self._open.keys() | waiting(Kind.BEGIN)) - waiting(Kind.END)

    def _take(self, kind: Kind, event_id: UUID, organization_id: UUID, payload: bytes) -> None:
        call = event_id.bytes
        waiting = Waiting(kind, call, pack(kind, call, organization_id.bytes, payload))
        with self._guard:
            if self._backlog or not self._written(waiting):
                self._drop(self._backlog.put(waiting))
                self._drain()

    def _drain(self) -> None:
        while self._backlog and self._written(self._backlog.first()):
            self._backlog.remove_first()

    def _written(self, waiting: Waiting) -> bool:
        frame = waiting.frame
        if not (self._segment and self._segment.append(frame)) and not (
            self._rotate(len(frame)) and self._segment and self._segment.append(frame)
        ):
            return False
        if waiting.kind is Kind.BEGIN:
            self._open[waiting.event_id] = frame
        elif waiting.kind in LAST:
            self._open.pop(waiting.event_id, None)
        return True

    def _drop(self, lost: list[Waiting]) -> None:
        self._dropped_count += len(lost)
        for waiting in lost:
            if waiting.kind is Kind.END:
                # The next segment does not name the call as open: it will count as interrupted.
                self._open.pop(waiting.event_id, None)

    def _rotate(self, room: int) -> bool:
        """Go on in a new segment with `room` bytes or more to spare; False when none can be made.

        The new one starts with every beginning that has no end yet, so that the old one can go.
        """
        if time.monotonic() < self._retry_at:
            return False
        try:
            fresh = self._new_segment(room)
        except OSError:
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        if self._segment:
            self._segment.close()
        self._segment = fresh
        return True

    def _new_segment(self, room: int) -> Segment:
        if self._folder is None:
            self._folder, self._alive = make_folder(self._spool, self._process_name)
        head = pack(Kind.HEAD, NOBODY, NOBODY, b"".join(self._open)) + b"".join(self._open.values())
        path = self._folder.segment(self._number + 1)
        size = max(self._segment_bytes, len(head) + room)
        segment = Segment(path.with_suffix(".new"), size=size)
        if not segment.append(head):
            segment.close()
            raise OSError(f"The disk did not take the head of {path}.")
        segment.publish(path)
        self._number += 1
        self._is_renamed = True
        return segment


def _flush(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    except OSError:
        return  # the frames are in the page cache; the next flush tries again
    finally:
        os.close(descriptor)
