"""Reading one segment, while it grows or when it is complete, past whatever is damaged."""

import os
from pathlib import Path

from apps.usage.spool.frames import (
    HEADER_BYTES,
    MAGIC,
    Frame,
    claimed_size,
    frame_at,
    frames_of,
)

CHUNK_BYTES = 2**20


class SegmentReader:
    """Whole, checked frames from `offset` on. damaged_bytes: what had to be skipped."""

    def __init__(self, path: Path, number: int) -> None:
        """Raises FileNotFoundError."""
        self.number = number
        self.offset = 0
        self.damaged_bytes = 0
        self.is_at_end = False
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, *, is_final: bool) -> list[Frame]:
        """The next frames, at most about a megabyte of them; [] when there is none for now.

        is_final: nothing will be written any more, as known before this call. Then `is_at_end`
        says that all has been read.
        """
        while not self.is_at_end:
            frames, used = frames_of(os.pread(self._descriptor, CHUNK_BYTES, self.offset))
            self.offset += used
            if frames:
                return frames
            if large := self._large_frame():
                return [large]
            if not self._skips_damage(is_final=is_final):
                self.is_at_end = is_final
                return []
        return []

    def close(self) -> None:
        os.close(self._descriptor)

    def _large_frame(self) -> Frame | None:
        """The frame at `offset` when it is whole, however large; steps over it."""
        frame = self._frame_at(self.offset)
        self.offset += frame.size if frame else 0
        return frame

    def _frame_at(self, offset: int) -> Frame | None:
        size = claimed_size(os.pread(self._descriptor, HEADER_BYTES, offset))
        if not size or offset + size > self.size:
            return None
        return frame_at(os.pread(self._descriptor, size, offset), 0)

    def _skips_damage(self, *, is_final: bool) -> bool:
        """Go on behind bytes that are no frame; False when no frame follows them."""
        if not is_final and not any(os.pread(self._descriptor, HEADER_BYTES, self.offset)):
            return False  # zeros: the writer has not come this far
        following = self._following_frame()
        if following is None:
            return False
        # A frame half-way through being written had nothing behind it; by now it is whole.
        if not self._frame_at(self.offset):
            self.damaged_bytes += following - self.offset
            self.offset = following
        return True

    def _following_frame(self) -> int | None:
        """Where the next whole frame behind `offset` starts."""
        at = self.offset + 1
        while data := os.pread(self._descriptor, CHUNK_BYTES, at):
            found = data.find(MAGIC)
            if found < 0:
                at += max(len(data) - len(MAGIC) + 1, 1)
            elif self._frame_at(at + found):
                return at + found
            else:
                at += found + 1
        return None
