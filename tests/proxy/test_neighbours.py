"""Processes of a machine share what they know of questions; a start begins with nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from apps.kernel.ids import uuid7
from apps.optimization.answers.spaces import Space
from apps.optimization.neighbours.shared import SharedIndex
from apps.proxy.cache import Cache
from apps.proxy.neighbours import Neighbours, opened
from apps.proxy.similar import Similar
from apps.tenants.vault import new_data_key

SPACE = Space(UUID(int=1), "ab" * 32, new_data_key())
OTHER = Space(UUID(int=2), "ab" * 32, new_data_key())
FIRST, SECOND = f"o:p:{'01' * 32}", f"o:p:{'02' * 32}"
Start = Callable[[Path], Awaitable[Neighbours]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Begins a process of one installation, on the machine that a folder stands for."""
    prefix, begun, caches = f"test-{uuid7()}", list[Neighbours](), list[Cache]()

    async def begin(folder: Path) -> Neighbours:
        caches.append(Cache(settings.CACHE_URL, prefix=prefix, patience_s=5.0))
        begun.append(opened(caches[-1], folder, most_bytes=1 << 20, fresh_s=0.0))
        return begun[-1]

    yield begin
    for process in begun:
        await process.close()
    for cache in caches:
        await cache.close()


def maps(folder: Path) -> list[SharedIndex]:
    return [SharedIndex(each) for each in folder.iterdir()]


async def keep(near: Neighbours, key: str, text: str, space: Space = SPACE) -> None:
    vector = near.vector(text)
    assert vector is not None
    await near.keep(space, key, vector, at=datetime.now(UTC), ttl_s=600)
    await near.close()


async def found(near: Neighbours, text: str, space: Space = SPACE) -> str | None:
    """What is nearest, once the process has read what there is."""
    vector = near.vector(text)
    assert vector is not None
    near.nearest(space, vector, at=datetime.now(UTC))
    await near.close()
    match = near.nearest(space, vector, at=datetime.now(UTC))
    return match.entry[:2] if match else None


async def test_one_process_finds_what_another_one_was_told(start: Start, tmp_path: Path) -> None:
    one, two = await start(tmp_path), await start(tmp_path)
    await keep(one, FIRST, "What is a tide?")
    await keep(two, SECOND, "Who wrote Hamlet?")
    for each in (one, two):
        assert await found(each, "What are tides?") == "01"
        assert await found(each, "Who was the writer of Hamlet?") == "02"
        assert await found(each, "What are tides?", OTHER) is None
    assert len(maps(tmp_path)) == 1


async def test_a_machine_that_starts_reads_what_others_keep(start: Start, tmp_path: Path) -> None:
    one, two = [await start(tmp_path / each) for each in ("one", "two")]
    await keep(one, FIRST, "What is a tide?")
    assert await found(two, "What are tides?") == "01"
    one.forget(SPACE, FIRST)
    await one.close()
    assert (await found(one, "What are tides?"), await found(two, "What are tides?")) == (
        None,
        "01",
    )


async def test_what_a_crash_left_is_read_again_whole(start: Start, tmp_path: Path) -> None:
    one = await start(tmp_path)
    await keep(one, FIRST, "What is a tide?")
    [index] = maps(tmp_path)
    index.head["version"][0] += 1
    await keep(one, SECOND, "Who wrote Hamlet?")
    assert await found(one, "What are tides?") == "01"
    assert await found(one, "Who was the writer of Hamlet?") == "02"


async def test_a_map_that_was_taken_away_is_made_anew(start: Start, tmp_path: Path) -> None:
    one = await start(tmp_path)
    await keep(one, FIRST, "What is a tide?")
    [index] = maps(tmp_path)
    index.retire()
    assert await found(one, "What are tides?") == "01"


async def test_a_process_that_can_load_nothing_goes_on_without() -> None:
    similar = Similar()
    assert similar.ready() is None
    await similar.close()
    assert (similar.ready(), similar.found) == (None, None)
    await similar.close()
