"""The indexes of a machine: as many as memory is given to, those used last."""

import os
from contextlib import suppress
from pathlib import Path

from apps.optimization.neighbours.shared import FORM, SharedIndex

IDLE_SECONDS = 86_400.0
_BLOCK_BYTES = 512  # of st_blocks, whatever the file system's own are


class IndexFolder:
    """Files in the folder `path`, which should lie in memory: vectors tell something of prompts.

    most_bytes: that they may take together, whichever process made them.
    """

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path, self._most_bytes = path, most_bytes

    def open(self, name: str) -> SharedIndex:
        """The index of that name; empty when it is new. Raises OSError."""
        return SharedIndex(self._file(name))

    def known(self, name: str) -> SharedIndex | None:
        """The index that some process made; None when there is none. Raises OSError."""
        return self.open(name) if self._file(name).exists() else None

    def use(self, name: str) -> None:
        """It was used now; the longest unused go first."""
        with suppress(FileNotFoundError):
            os.utime(self._file(name))

    def trim(self, *, at_s: float) -> int:
        """Retire what is beyond most_bytes, and what nobody used for IDLE_SECONDS; bytes that are
        left. Raises OSError.
        """
        found = sorted(self._sizes(), reverse=True)
        left = sum(size for _, size, _ in found)
        while found and (left > self._most_bytes or found[-1][0] < at_s - IDLE_SECONDS):
            _, size, path = found.pop()
            if _retired(path):
                left -= size
        return left

    def _file(self, name: str) -> Path:
        return self._path / f"{name}.{FORM}"

    def _sizes(self) -> list[tuple[float, int, Path]]:
        """When each was used last, and its bytes."""
        sizes = []
        for path in self._path.iterdir():
            with suppress(FileNotFoundError):
                facts = path.stat()
                sizes.append((facts.st_mtime, facts.st_blocks * _BLOCK_BYTES, path))
        return sizes


def _retired(path: Path) -> bool:
    index = SharedIndex(path)
    with index.locked() as is_ours:
        if is_ours or index.is_gone:
            index.retire()
            return True
    return False
