"""One soak: find the machine's capacity, then hours of a bad day at half of it, in some minutes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import time
from typing import Any

from bench.soaking.calling import Callers, Seen, callers
from bench.soaking.killing import Kill, Killer
from bench.soaking.memory import Sample, Watch
from bench.soaking.parts import Parts
from bench.soaking.tenants import Tenant
from bench.soaking.traffic import Ask, draw
from bench.soaking.weather import spoil

SEED = 20_261_121
# Calls by way of the portal's own process, which carries the gateway's paths too.
_WEB_SHARE = 0.04
_STEP_SECONDS, _STEPS, _FIRST_RATE, _GROWTH = 2.0, 10, 10.0, 1.45
# What latency may become before the machine is called full: of the first step, and in itself.
_MOST_SLOWDOWN, _SLACK_SECONDS = 2.0, 0.1
_MOST_OPEN = 600
# openai-python and anthropic-sdk-python: _base_client.py, _calculate_retry_timeout.
_SDK_PAUSES_SECONDS = (0.5, 1.0)
_DRAIN_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the bad day takes, and how often something is killed on average."""

    seconds: float
    kill_every_seconds: float


@dataclass(slots=True)
class Run:
    """What happened. since, until: of the bad day, seconds of the clock. skipped: arrivals that
    were not made, for too many calls were open.
    """

    capacity_per_s: float
    rate_per_s: float
    since: float
    until: float
    skipped: int = 0
    seen: list[Seen] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


class Day:
    """Callers of some tenants, who never stop."""

    def __init__(self, making: Callers, tenants: Sequence[Tenant]) -> None:
        self._making, self._tenants = making, tenants
        self._numbers, self._random = count(1), Random(SEED)  # noqa: S311  (reproducible)
        self._tasks: set[asyncio.Task[None]] = set()
        self.skipped = 0

    async def arrive(self, rate_per_s: float, *, until: float) -> None:
        """Calls at random moments, whether or not those before were answered (Poisson)."""
        due = time()
        while due < until:
            due += self._random.expovariate(rate_per_s)
            await asyncio.sleep(max(0.0, due - time()))
            self._begin()

    async def end(self) -> None:
        """Until every call has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_DRAIN_SECONDS)

    def _begin(self) -> None:
        if self._making.open >= _MOST_OPEN:
            self.skipped += 1
            return
        tenant = self._random.choice(self._tenants)
        ask = draw(next(self._numbers), tenant.name, self._random)
        by = "web" if self._random.random() < _WEB_SHARE else "gateway"
        task = asyncio.create_task(self._ask(ask, tenant, by))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, ask: Ask, tenant: Tenant, by: str) -> None:
        """As the providers' SDKs do: a connection that broke is tried again, twice."""
        seen = await self._making.call(ask, tenant, by)
        for pause in _SDK_PAUSES_SECONDS:
            if seen.ending != "lost":
                return
            await asyncio.sleep(pause * self._random.uniform(0.75, 1))
            ask = ask.again(next(self._numbers))
            seen = await self._making.call(ask, tenant, by)


async def soak(
    plan: Plan, tenants: Sequence[Tenant], parts: Parts, origins: dict[str, str], provider: str
) -> Run:
    """Calibrate, then call, kill and spoil. origins: of gateway and web; provider: its URL."""
    async with callers(origins) as making:
        day = Day(making, tenants)
        capacity = await _capacity(day, making)
        run = Run(capacity, capacity / 2, time(), time() + plan.seconds)
        print(f"capacity {capacity:.0f} calls/s, going on at {run.rate_per_s:.0f}", flush=True)
        killer = Killer(parts, Random(SEED), pause_seconds=plan.kill_every_seconds)  # noqa: S311
        watch = Watch(parts)
        endless = (watch.look, lambda: spoil(provider, tenants, Random(SEED)))  # noqa: S311
        async with _beside(*endless, lambda: _tell(run, making, killer)):
            calling = asyncio.create_task(day.arrive(run.rate_per_s, until=run.until))
            await killer.rampage(until=run.until)
            await calling
        await day.end()
        run.seen, run.kills, run.samples = making.seen, killer.kills, watch.samples
        run.skipped = day.skipped
        return run


async def _capacity(day: Day, making: Callers) -> float:
    """Calls a second at which latency does not yet break, found by faster and faster arrivals."""
    rate, held, usual = _FIRST_RATE, _FIRST_RATE, 0.0
    for _ in range(_STEPS):
        first = len(making.seen)
        await day.arrive(rate, until=time() + _STEP_SECONDS)
        late = _p95([each.seconds for each in making.seen[first:]])
        usual = usual or late
        if late > _MOST_SLOWDOWN * usual + _SLACK_SECONDS:
            break
        held, rate = rate, rate * _GROWTH
    await day.end()
    return held


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))] if seconds else 0.0


@asynccontextmanager
async def _beside(*endless: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Tasks that go on as long as the block."""
    tasks = [asyncio.create_task(each()) for each in endless]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _tell(run: Run, making: Callers, killer: Killer) -> None:
    while True:
        await asyncio.sleep(30)
        left = max(0.0, run.until - time())
        print(f"{len(making.seen):,} calls, {len(killer.kills)} kills, {left:.0f} s to go")
