"""The rows of one namespace in a file that all processes of a machine map: searched without locks.

A head, then a ring of CAPACITY rows, of which only those in use take memory. Who writes has the
file's lock and makes `version` odd meanwhile; who read while it changed has read nothing.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.optimization.neighbours.rows import ROW
from apps.optimization.similarity.embedding import Vector
from apps.optimization.similarity.index import Match

CAPACITY = 10_000
HEAD_BYTES = 4096
# Ends the name of each file: raise it when HEAD, ROW or CAPACITY change.
FORM = 1
HEAD = np.dtype(
    [
        ("version", "<u8"),
        ("last_ms", "<u8"),
        ("last_seq", "<u8"),
        ("count", "<u4"),
        ("next", "<u4"),
        ("group", "<i4"),
        ("is_gone", "<u4"),
    ]
)
_SIZE = HEAD_BYTES + CAPACITY * ROW.itemsize
_BLOCK = 512  # rows that are turned into floats at once, so that they stay in the processor's cache
_NONE = -2.0  # below every cosine
_TRIES = 2


class SharedIndex:
    """The map of one file."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises OSError."""
        self.path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size != _SIZE:
                os.ftruncate(descriptor, _SIZE)
            os.posix_fallocate(descriptor, 0, HEAD_BYTES)
            self.map = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        self.head: NDArray[np.void] = np.frombuffer(self.map, HEAD, 1)
        self.rows: NDArray[np.void] = np.frombuffer(self.map, ROW, CAPACITY, HEAD_BYTES)

    @property
    def is_gone(self) -> bool:
        """Whether some process took the file away: another one is to be opened."""
        return bool(self.head["is_gone"][0])

    @property
    def is_torn(self) -> bool:
        """Whether a change of it was begun and, for whoever has the lock, never ended."""
        return bool(int(self.head["version"][0]) % 2)

    @property
    def last(self) -> str:
        """The id of the newest row that it was told of, as the log has it."""
        return f"{self.head['last_ms'][0]}-{self.head['last_seq'][0]}"

    def __len__(self) -> int:
        return int(self.head["count"][0])

    def nearest(self, vector: Vector, *, at_s: float) -> Match | None:
        """The nearest row that has not expired, by the hexadecimal digest of its entry; None where
        there is none, or while rows change.
        """
        for _ in range(_TRIES):
            version = int(self.head["version"][0])
            if version % 2 == 0:
                match = self._found(vector, at_s)
                if int(self.head["version"][0]) == version:
                    return match
        return None

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether the block may write: nobody else does, and the file is still the one in use.
        Raises FileNotFoundError when there is none any more.
        """
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            yield _is_free(descriptor) and not self.is_gone
        finally:
            os.close(descriptor)

    def reserve(self, rows: int) -> None:
        """Take the memory that so many rows need, for a map that runs out of it ends the process.
        Raises OSError.
        """
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, HEAD_BYTES + rows * ROW.itemsize)
        finally:
            os.close(descriptor)

    def retire(self) -> None:
        """Give the memory back, also where others still map the file, and take the file away."""
        self.head["is_gone"][0], self.head["count"][0] = 1, 0
        self.head["version"][0] += 2
        self.map.madvise(mmap.MADV_REMOVE, HEAD_BYTES, _SIZE - HEAD_BYTES)
        self.path.unlink(missing_ok=True)

    def _found(self, vector: Vector, at_s: float) -> Match | None:
        rows = self.rows[: len(self)]
        cosines = _cosines(rows, vector)
        groups = rows["group"].copy()
        cosines[(groups < 0) | (rows["expires_s"] <= at_s)] = _NONE
        best = int(cosines.argmax()) if len(rows) else 0
        if not len(rows) or cosines[best] <= _NONE:
            return None
        similarity = float(cosines[best])
        cosines[groups == groups[best]] = _NONE
        rival = int(cosines.argmax())
        has_rival = float(cosines[rival]) > _NONE
        name = _digest(rows, rival) if has_rival else None
        return Match(_digest(rows, best), similarity, name, float(cosines[rival]))


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest(rows: NDArray[np.void], place: int) -> str:
    digest: bytes = rows["digest"][place].tobytes()
    return digest.hex()


def _cosines(rows: NDArray[np.void], vector: Vector) -> NDArray[np.float32]:
    """Without BLAS, whose threads would take the processors from other calls."""
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = rows["vector"][start : start + _BLOCK].astype(np.float32)
        np.einsum("ij,j->i", part, vector, out=found[start : start + _BLOCK])
    found *= rows["scale"]
    return found
