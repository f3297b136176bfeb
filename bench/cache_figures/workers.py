"""Gateway workers as far as near questions go: processes of their own over one folder of maps."""

import asyncio
import json
import random
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time, thread_time

from apps.optimization.similarity import Vector
from apps.proxy.cache import Cache
from apps.proxy.neighbours import Neighbours, opened
from bench.cache_figures.questions import question, space

_POLL_S = 0.002
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to do: look into `visited` of all namespaces, drawn by itself, until their
    questions are found; then ask `questions` times of `hot` of them.
    """

    url: str
    prefix: str
    folder: str
    most_bytes: int
    tenants: int
    namespaces: int
    visited: int
    hot: int
    questions: int
    seed: int


@dataclass(slots=True)
class Told:
    """Milliseconds. cold_ms: from the first call of a namespace until its questions are found;
    cold_cpu_ms: of the processor for each, whoever read it. search_ms: by the clock. memory: kB of
    the process by kind, shared maps apart.
    """

    cold_ms: list[float] = field(default_factory=list)
    cold_cpu_ms: float = 0.0
    search_cpu_ms: list[float] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list)
    loaded_ms: float = 0.0
    memory: dict[str, int] = field(default_factory=dict)


async def work(order: Order) -> Told:
    """Carry an order out."""
    told, began = Told(), perf_counter()
    cache = Cache(order.url, prefix=order.prefix)
    near = opened(cache, Path(order.folder), most_bytes=order.most_bytes, fresh_s=1.0)
    near.vector("How do I change my address?")
    told.loaded_ms = (perf_counter() - began) * 1e3
    draws = random.Random(order.seed)  # noqa: S311  # a sample
    places = [(t, n) for t in range(order.tenants) for n in range(order.namespaces)]
    newest = {each: question(*each, -1) for each in draws.sample(places, order.visited)}
    cpu_began = process_time()
    for place, vector in newest.items():
        told.cold_ms.append(await _found_ms(near, place, vector))
    told.cold_cpu_ms = (process_time() - cpu_began) * 1e3 / order.visited
    hot = draws.sample(places, order.hot)
    asked = {place: question(*place, -1) for place in hot}
    for place, vector in asked.items():
        await _found_ms(near, place, vector)
    _ask(near, told, [draws.choice(hot) for _ in range(order.questions)], asked)
    told.memory = memory_kb()
    await near.close()
    await cache.close()
    return told


async def _found_ms(near: Neighbours, place: tuple[int, int], newest: Vector) -> float:
    """Until the newest question is found, which is the last to be read."""
    began = perf_counter()
    while perf_counter() - began < _PATIENCE_S:
        match = near.nearest(space(*place), newest, at=datetime.now(UTC))
        if match is not None and match.similarity > 0.99:
            return (perf_counter() - began) * 1e3
        await asyncio.sleep(_POLL_S)
    raise TimeoutError(f"The questions of {place} are not found.")


def _ask(
    near: Neighbours,
    told: Told,
    places: list[tuple[int, int]],
    asked: Mapping[tuple[int, int], Vector],
) -> None:
    for place in places:
        began, cpu_began = perf_counter(), thread_time()
        near.nearest(space(*place), asked[place], at=datetime.now(UTC))
        told.search_cpu_ms.append((thread_time() - cpu_began) * 1e3)
        told.search_ms.append((perf_counter() - began) * 1e3)


def memory_kb() -> dict[str, int]:
    """Of this process: its own, its part of mapped files, its part of memory that is shared."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    found = {
        name: int(rest.split()[0]) for name, _, rest in (each.partition(":") for each in lines)
    }
    return {name: found[name] for name in ("Pss_Anon", "Pss_File", "Pss_Shmem")}


if __name__ == "__main__":
    done = asyncio.run(work(Order(**json.loads(sys.stdin.read()))))
    print(json.dumps(asdict(done)))  # what the benchmark reads
