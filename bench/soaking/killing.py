"""Kills at random: SIGKILL to one part of the product at a time, which its supervisor restarts."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import time

from bench.soaking.parts import GATEWAY_WORKER, Parts

# A part is left alone for so long after it was killed: the launcher gives up on a program that
# cannot stay up, and nobody's product loses the same process every few seconds.
_REST_SECONDS = 25.0
_GIVE_UP_SECONDS = 90.0
_TICK_SECONDS = 0.1
_WEIGHTS = {
    GATEWAY_WORKER: 5, "shipper": 2, "web": 2, "worker": 2, "beat": 1, "postgres": 2, "queue": 2,
    "cache": 2,
}  # fmt: skip
GATEWAY = "gateway"


@dataclass(slots=True)
class Kill:
    """What was killed when, and when it was there again: seconds of the clock, None never."""

    what: str
    at: float
    back: float | None = None

    def covers(self, since: float, until: float) -> bool:
        """Whether the part was away at any time of a span."""
        return self.at <= until and (self.back is None or since <= self.back)

    def cuts(self, since: float, until: float) -> bool:
        """Whether it may have broken a connection of that span. Beside a worker there is another
        one, which takes new connections at once, and workers outlive their parent.
        """
        if self.what == GATEWAY_WORKER:
            return since <= self.at <= until
        return self.what != GATEWAY and self.covers(since, until)


class Killer:
    """Kills one part after the other, whether or not the one before is back."""

    def __init__(self, parts: Parts, random: Random, *, pause_seconds: float) -> None:
        """pause_seconds: between two kills, on average."""
        self._parts, self._random, self._pause = parts, random, pause_seconds
        self.kills: list[Kill] = []
        self._waits: set[asyncio.Task[None]] = set()

    async def rampage(self, *, until: float) -> None:
        """Kill until then. The gateway's parent goes first, so that of its workers one may then
        live to the end: kills of workers meet the youngest.
        """
        self._kill(GATEWAY)
        while time() + _REST_SECONDS < until:
            await asyncio.sleep(self._pause * self._random.uniform(0.5, 1.5))
            if what := self._chosen():
                self._kill(what)
        if self._waits:
            await asyncio.wait(self._waits)

    def _chosen(self) -> str | None:
        rested = time() - _REST_SECONDS
        tired = {kill.what for kill in self.kills if kill.at > rested or kill.back is None}
        left = {name: weight for name, weight in _WEIGHTS.items() if name not in tired}
        return self._random.choices(list(left), list(left.values()))[0] if left else None

    def _kill(self, what: str) -> None:
        killed, is_back = self._aim(what)
        if killed is None:
            return
        kill = Kill(what, time())
        self.kills.append(kill)
        os.kill(killed, signal.SIGKILL)
        wait = asyncio.create_task(_wait(kill, is_back))
        self._waits.add(wait)
        wait.add_done_callback(self._waits.discard)

    def _aim(self, what: str) -> tuple[int | None, Callable[[], bool]]:
        """Whom to kill, and how to tell that a successor serves."""
        if what == GATEWAY_WORKER:
            before = self._parts.gateway_workers()
            return (before[-1] if len(before) > 1 else None), lambda: self._has_workers(before)
        pid = self._parts.process(what)
        if what == GATEWAY:
            workers = self._parts.gateway_workers()
            return pid, lambda: self._has_workers(workers) and self._parts.answers(what)
        return pid, lambda: self._parts.process(what) != pid and self._parts.answers(what)

    def _has_workers(self, before: list[int]) -> bool:
        """As many as before, each of them with its spool open."""
        now = self._parts.gateway_workers()
        fresh = set(now) - set(before)
        return len(now) >= len(before) and bool(fresh) and all(map(self._parts.has_spool, fresh))


async def _wait(kill: Kill, is_back: Callable[[], bool]) -> None:
    while time() < kill.at + _GIVE_UP_SECONDS:
        await asyncio.sleep(_TICK_SECONDS)
        if await asyncio.to_thread(is_back):
            kill.back = time()
            return
