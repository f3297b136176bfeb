"""Add to a shared index what its namespace's log says. Whoever does has the index's lock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from apps.optimization.neighbours.rows import Told
from apps.optimization.neighbours.shared import CAPACITY, SharedIndex


class Writer:
    """Writes while the block of `SharedIndex.locked` lasts."""

    def __init__(self, index: SharedIndex) -> None:
        """What a process that died in the middle of a change has left behind is begun anew."""
        self._index = index
        if index.is_torn:
            self._begin_anew()

    def extend(self, told: Told, *, last: str) -> None:
        """Add rows, the oldest giving way to them; then join what is tied. Raises OSError.

        last: the id of the newest of them in the log.
        """
        index, size = self._index, len(told.rows)
        index.reserve(min(len(index) + size, CAPACITY))
        rows, same_as = told.rows[-CAPACITY:], told.same_as[-CAPACITY:]
        places = (int(index.head["next"][0]) + np.arange(len(rows))) % CAPACITY
        with self._changing():
            self._place(rows, places, same_as)
            for first, second in told.ties:
                self._join(first, second)
            ms, _, sequence = last.partition("-")
            index.head["last_ms"][0], index.head["last_seq"][0] = int(ms), int(sequence)

    def drop(self, digest: bytes) -> None:
        """The entry is not to be found any more: gone, void, or wrong."""
        with self._changing():
            self._hide(digest)

    def _place(
        self, rows: NDArray[np.void], places: NDArray[np.int64], same_as: Sequence[bytes]
    ) -> None:
        head, groups = self._index.head, self._index.rows["group"]
        for place, row, alike in zip(places, rows, same_as, strict=True):
            group = self._group_of(alike)
            self._hide(row["digest"].tobytes())
            self._index.rows[place] = row
            groups[place] = group
            head["count"][0] = max(len(self._index), place + 1)
        head["next"][0] = (int(head["next"][0]) + len(rows)) % CAPACITY

    def _hide(self, digest: bytes) -> None:
        place = self._place_of(digest)
        if place is not None:
            self._index.rows["group"][place] = -1

    def _group_of(self, digest: bytes) -> int:
        place = self._place_of(digest)
        if place is not None:
            return int(self._index.rows["group"][place])
        self._index.head["group"][0] += 1
        return int(self._index.head["group"][0])

    def _join(self, first: bytes, second: bytes) -> None:
        one, two = self._place_of(first), self._place_of(second)
        if one is not None and two is not None:
            groups = self._index.rows["group"]
            groups[groups == groups[two]] = groups[one]

    def _place_of(self, digest: bytes) -> int | None:
        """Where the entry is found, if it is."""
        if not digest:
            return None
        rows, words = self._index.rows[: len(self._index)], np.frombuffer(digest, "<u8")
        near = np.flatnonzero(rows["digest"][:, 0] == words[0])
        found = (int(n) for n in near if rows["group"][n] >= 0)
        return next((n for n in found if np.array_equal(rows["digest"][n], words)), None)

    def _begin_anew(self) -> None:
        head = self._index.head
        for name in ("count", "next", "group", "last_ms", "last_seq"):
            head[name][0] = 0
        head["version"][0] += 1

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Odd for good after a failure, so that nobody reads what is half done."""
        self._index.head["version"][0] += 1
        yield
        self._index.head["version"][0] += 1
