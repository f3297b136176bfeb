"""The nearest kept question of each namespace: searched in the machine's shared maps, which follow
the rows that all processes tell. Imported when a call first needs it (apps/proxy/similar.py).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from functools import cache as once
from pathlib import Path
from time import monotonic, time
from typing import Any

from apps.optimization.answers.spaces import Space, digest_of
from apps.optimization.neighbours import (
    IndexFolder,
    SharedIndex,
    Writer,
    opened_rows,
    sealed_row,
)
from apps.optimization.similarity import Match, StaticEmbedding, Vector
from apps.proxy import figures
from apps.proxy.cache import Cache
from apps.proxy.row_log import CHUNK, START, RowLog

FRESH_SECONDS = 1.0
_TRIM_SECONDS = 5.0
# Or after so many rows, 6 MB, so that a cold start does not run beyond its bounds meanwhile.
_TRIM_ROWS = 20_000
# Maps that a process has open, and namespaces that it remembers to have looked for.
_MOST_OPEN, _MOST_SEEN = 512, 4_096


class Neighbours:
    """Kept questions of all namespaces. Calls never wait for more than a search."""

    def __init__(
        self,
        embedding: StaticEmbedding,
        log: RowLog,
        folder: IndexFolder,
        *,
        fresh_s: float = FRESH_SECONDS,
    ) -> None:
        """fresh_s: a call may see what was known so long ago; then it is asked for anew."""
        self._embedding, self._log, self._folder = embedding, log, folder
        self._fresh_s = fresh_s
        self._open: OrderedDict[str, SharedIndex] = OrderedDict()
        self._seen: OrderedDict[str, float] = OrderedDict()
        # Namespaces that are being read, and whether to read them once more.
        self._reading: dict[str, bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._trimmed_at, self._written = monotonic(), 0

    def __len__(self) -> int:
        """Questions that are known, in all maps that are open."""
        return sum(map(len, self._open.values()))

    def vector(self, text: str) -> Vector | None:
        """Its direction; None for a text that is too long to be compared."""
        return self._embedding.vector(text)

    def nearest(self, space: Space, vector: Vector, *, at: datetime) -> Match | None:
        """The nearest question that is known here; None where none is, or not yet."""
        self._follow(space)
        index = self._open.get(space.path)
        if index is None or index.is_gone:
            return None
        self._open.move_to_end(space.path)
        return index.nearest(vector, at_s=at.timestamp())

    async def keep(
        self,
        space: Space,
        key: str,
        vector: Vector,
        *,
        at: datetime,
        ttl_s: int,
        same_as: str | None = None,
    ) -> None:
        """Tell everybody where the entry of that key is; same_as: the key of one whose answer is
        the same.
        """
        row = sealed_row(
            space,
            digest_of(key),
            vector,
            expires_at=at + timedelta(seconds=ttl_s),
            same_as=digest_of(same_as) if same_as else b"",
        )
        await self._log.add(space, row, ttl_s=ttl_s)
        self._follow(space)

    def forget(self, space: Space, key: str) -> None:
        """The entry is gone, void or wrong: it is not found on this machine any more."""
        self._begin(self._forget(space, digest_of(key)))

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._tasks)

    def _follow(self, space: Space) -> None:
        """Look for what is new, in the background, at most once in fresh_s."""
        name, now = space.path, monotonic()
        if self._seen.get(name, 0.0) > now:
            return
        self._seen[name] = now + self._fresh_s
        self._seen.move_to_end(name)
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)
        if name in self._reading:
            self._reading[name] = True
        else:
            self._begin(self._read(space))

    async def _read(self, space: Space) -> None:
        name = space.path
        self._reading[name] = True
        try:
            while self._reading[name]:
                self._reading[name] = False
                await self._sync(space)
        finally:
            del self._reading[name]

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sync(self, space: Space) -> None:
        index = await asyncio.to_thread(self._known, space.path)
        rows = await self._log.since(space, index.last if index is not None else START)
        if rows:
            if index is None:
                index = await asyncio.to_thread(self._folder.open, space.path)
            await self._write(space, index, rows)
        if index is not None:
            self._open[space.path] = index
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
            await asyncio.to_thread(self._settle, space.path)

    async def _write(
        self, space: Space, index: SharedIndex, rows: Sequence[tuple[str, bytes]]
    ) -> None:
        """Write rows until there are no more, unless another process is doing so."""
        with index.locked() as is_ours:
            if is_ours and index.is_torn:
                Writer(index)
                rows = await self._log.since(space, index.last)
            while rows and is_ours:
                await asyncio.to_thread(_extend, space, index, rows)
                self._written += len(rows)
                is_last = len(rows) < CHUNK
                rows = [] if is_last else await self._log.since(space, index.last)

    def _known(self, name: str) -> SharedIndex | None:
        index = self._open.get(name)
        return self._folder.known(name) if index is None or index.is_gone else index

    def _settle(self, name: str) -> None:
        """Say that the map was used, and hold the memory of all within its bounds."""
        self._folder.use(name)
        is_due = monotonic() > self._trimmed_at + _TRIM_SECONDS
        if is_due or self._written >= _TRIM_ROWS:
            self._trimmed_at, self._written = monotonic(), 0
            self._folder.trim(at_s=time())

    async def _forget(self, space: Space, digest: bytes) -> None:
        index = await asyncio.to_thread(self._known, space.path)
        if index is not None:
            await asyncio.to_thread(_drop, index, digest)


def opened(cache: Cache, folder: Path, *, most_bytes: int, fresh_s: float) -> Neighbours:
    """Rows in `cache`, maps of at most most_bytes in `folder`. Not on the event loop. Raises
    NoWeights, OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    indexes = IndexFolder(folder, most_bytes=most_bytes)
    return Neighbours(_embedding(), RowLog(cache), indexes, fresh_s=fresh_s)


@once
def _embedding() -> StaticEmbedding:
    return StaticEmbedding.load()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001  (the call has gone on; questions are found later, or not)
        figures.fail_lever("semantic", "index")


def _extend(space: Space, index: SharedIndex, rows: Sequence[tuple[str, bytes]]) -> None:
    """Those that another process has written since they were read are passed over."""
    known = _order(index.last)
    fresh = [(each, sealed) for each, sealed in rows if _order(each) > known]
    if fresh:
        told = opened_rows(space, (sealed for _, sealed in fresh))
        Writer(index).extend(told, last=fresh[-1][0])


def _order(row_id: str) -> tuple[int, int]:
    ms, _, sequence = row_id.partition("-")
    return int(ms), int(sequence)


def _drop(index: SharedIndex, digest: bytes) -> None:
    with index.locked() as is_ours:
        if is_ours:
            Writer(index).drop(digest)
