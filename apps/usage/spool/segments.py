"""A segment while it is written: its room is set aside first, then frames follow one another.

Frames go to a position that we keep, so that a write that failed half-way is simply done again in
the same place. Behind the last frame are zeros.
"""

import os
from pathlib import Path


class Segment:
    """An open segment file."""

    def __init__(self, path: Path, *, size: int) -> None:
        """Create `path` with `size` bytes set aside. Raises OSError when the disk is full."""
        self.path = path
        self.size = size
        self.position = 0
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(self.descriptor, 0, size)
        except OSError:
            self.close()
            path.unlink()
            raise

    def append(self, frame: bytes) -> bool:
        """Write a frame; False when there is no room for it, or the disk refused."""
        if self.position + len(frame) > self.size:
            return False
        try:
            self._write(frame)
        except OSError:
            self.size = self.position  # what follows goes to another segment
            return False
        self.position += len(frame)
        return True

    def publish(self, path: Path) -> None:
        """Give the segment the name under which readers look for it. Raises OSError."""
        self.path.rename(path)
        self.path = path

    def close(self) -> None:
        os.close(self.descriptor)

    def _write(self, frame: bytes) -> None:
        written = os.pwrite(self.descriptor, frame, self.position)
        while written < len(frame):
            written += os.pwrite(self.descriptor, frame[written:], self.position + written)
