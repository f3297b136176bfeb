"""A load generator in a process of its own: python -m bench.relays.load JOB, a Job as JSON.

Prints a Result as JSON.
"""

import asyncio
import json
import random
import sys
from array import array
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter

import uvloop

from bench.relays.connections import Connection, UnexpectedAnswer
from bench.relays.usage import cpu_seconds

# Open loop: past so many at once the server is hopelessly behind.
_MOST_CONNECTIONS = 512
_PATIENCE_SECONDS = 30.0
_SEED = 20_261_121


@dataclass(frozen=True, slots=True)
class Job:
    """request: the file with the request's bytes. server_pid: whose CPU time is asked for.

    connections: calls at once in a closed loop. rate_per_s: of an open loop's arrivals (Poisson),
    which then has as many connections as it needs; 0 for a closed loop. calls: at most so many.
    """

    port: int
    request: str
    server_pid: int
    connections: int = 1
    seconds: float = 1.0
    rate_per_s: float = 0.0
    calls: int = sys.maxsize


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds from sending (in an open loop: from the arrival's time) to the first byte of
    the body and to the last. cpu_us: of the server for each call.
    """

    calls: int
    calls_per_s: float
    cpu_us: float
    first_p50_ms: float
    first_p99_ms: float
    p50_ms: float
    p99_ms: float


@dataclass(slots=True)
class Tally:
    """What was measured so far, in milliseconds."""

    first: "array[float]" = field(default_factory=lambda: array("d"))
    total: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, connection: Connection) -> None:
        self.first.append((connection.first_at - connection.due_at) * 1000)
        self.total.append((connection.ended_at - connection.due_at) * 1000)


class Load:
    """Runs a job."""

    def __init__(self, job: Job) -> None:
        self._job, self._request = job, Path(job.request).read_bytes()
        self._tally = Tally()
        self._all: list[Connection] = []
        self._idle: list[Connection] = []
        self._waiting: deque[float] = deque()
        self._open = 0
        self._ends_at = 0.0
        self._finished = asyncio.get_running_loop().create_future()

    async def run(self) -> Result:
        """Raises TimeoutError when answers do not come."""
        count = self._job.connections
        await self._connect(count if not self._job.rate_per_s else _MOST_CONNECTIONS // 8)
        await self._warm_up()
        used, started = cpu_seconds(self._job.server_pid), perf_counter()
        self._ends_at = started + self._job.seconds
        arrivals = asyncio.create_task(self._arrive()) if self._job.rate_per_s else None
        if not arrivals:
            self._start_all()
        patience = self._job.seconds + _PATIENCE_SECONDS
        await asyncio.wait_for(self._finished, patience)
        seconds, used = perf_counter() - started, cpu_seconds(self._job.server_pid) - used
        for connection in self._all:
            connection.close()
        return _result(self._tally, seconds, used)

    async def _connect(self, count: int) -> None:
        loop, port = asyncio.get_running_loop(), self._job.port
        for _ in range(count):
            _, connection = await loop.create_connection(
                lambda: Connection(self._request, self._ended), "127.0.0.1", port
            )
            self._all.append(connection)
            connection.lost.add_done_callback(self._fail)
        self._idle = list(self._all)

    async def _warm_up(self) -> None:
        """One call on each connection, uncounted."""
        self._start_all()
        await asyncio.wait_for(self._finished, _PATIENCE_SECONDS)
        self._finished = asyncio.get_running_loop().create_future()
        self._tally, self._idle = Tally(), list(self._all)

    def _start_all(self) -> None:
        self._open = len(self._idle)
        for connection in self._idle:
            connection.send(perf_counter())
        self._idle = []

    async def _arrive(self) -> None:
        """Poisson arrivals: what finds no idle connection waits, and its time runs."""
        generator, due_at = random.Random(_SEED), perf_counter()  # noqa: S311
        while due_at < self._ends_at:
            due_at += generator.expovariate(self._job.rate_per_s)
            await asyncio.sleep(max(0.0, due_at - perf_counter()))
            if self._idle:
                self._open += 1
                self._idle.pop().send(due_at)
            else:
                self._waiting.append(due_at)
        self._ends_at = perf_counter()  # timers wake a little early: whoever ends now is the last
        if not self._open:
            self._stop()

    def _ended(self, connection: Connection) -> None:
        self._tally.add(connection)
        now = connection.ended_at
        if self._job.rate_per_s and self._waiting:
            connection.send(self._waiting.popleft())
        elif not self._job.rate_per_s and self._goes_on(now):
            connection.send(now)
        else:
            self._idle.append(connection)
            self._open -= 1
            if not self._open and now >= self._ends_at or self._is_enough():
                self._stop()

    def _goes_on(self, now: float) -> bool:
        return now < self._ends_at and len(self._tally.total) + self._open <= self._job.calls

    def _is_enough(self) -> bool:
        return not self._open and len(self._tally.total) >= self._job.calls

    def _stop(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)

    def _fail(self, _: object) -> None:
        if not self._finished.done():
            self._finished.set_exception(UnexpectedAnswer("a connection was lost"))


def _result(tally: Tally, seconds: float, used: float) -> Result:
    first, total = sorted(tally.first), sorted(tally.total)
    return Result(
        calls=len(total),
        calls_per_s=len(total) / seconds,
        cpu_us=used / len(total) * 1e6,
        first_p50_ms=first[len(first) // 2],
        first_p99_ms=first[int(len(first) * 0.99)],
        p50_ms=total[len(total) // 2],
        p99_ms=total[int(len(total) * 0.99)],
    )


async def main(text: str) -> None:
    """Run the job that `text` describes."""
    print(json.dumps(asdict(await Load(Job(**json.loads(text))).run())))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
