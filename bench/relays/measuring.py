"""Rounds in which every contender is measured in turn, so that a busy moment hits all of them."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median

from bench.relays.contenders import Contender
from bench.relays.load import Result
from bench.relays.servers import OTHERS, pinned, python
from bench.relays.wire import Call

_JOB_SECONDS = 7_300.0
# Of its own capacity in the closed loop.
OPEN_LOOP_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Manner:
    """How calls come: `connections` at once in a closed loop, or in an open one (0)."""

    connections: int

    @property
    def name(self) -> str:
        return f"at {self.connections}" if self.connections else "open loop"


SEQUENTIAL, BUSY, BUSIER, OPEN = Manner(1), Manner(16), Manner(64), Manner(0)
Measured = dict[tuple[str, Call, Manner], Result]
Job = dict[str, float]  # of load.Job, but for what the contender says


@dataclass(frozen=True, slots=True)
class Length:
    """How long a benchmark takes."""

    rounds: int
    seconds: float
    calls: tuple[Call, ...]
    manners: tuple[Manner, ...]


class CannotCarry(Exception):
    """A contender did not answer as it should."""


def measure(field: Sequence[Contender], length: Length, folder: Path) -> Measured:
    """The median of all rounds, for everything that `length` names.

    Other gateways are measured as far as targets go, and left out where they cannot carry a call.
    Raises CannotCarry for ours.
    """
    measured: Measured = {}
    for call in length.calls:
        for manner in length.manners:
            print(f"{call.name}, {manner.name} …", flush=True)
            able = [each for each in field if _takes_part(each, call, manner, folder)]
            jobs = [(each, _job(measured, each.name, call, manner, length)) for each in able]
            for name, results in _rounds(jobs, call, length.rounds, folder).items():
                measured[name, call, manner] = _median(results)
    return measured


def run_job(contender: Contender, call: Call, folder: Path, job: Job | None = None) -> Result:
    """One measurement; by default a single call. Raises CannotCarry."""
    path = folder / f"{contender.name}-{call.name.replace(' ', '-')}.http"
    path.write_bytes(call.request(dict(contender.headers)))
    server = contender.server
    where = {"port": server.port, "server_pid": server.pid, "request": str(path)}
    text = json.dumps(where | (job or {"calls": 1}))
    command = [*pinned(OTHERS), *python("-m", "bench.relays.load", text)]
    done = subprocess.run(command, capture_output=True, timeout=_JOB_SECONDS)
    if done.returncode:
        raise CannotCarry(f"{contender.name}, {call.name}: {done.stderr.decode()[-500:]}")
    return Result(**json.loads(done.stdout))


def _takes_part(contender: Contender, call: Call, manner: Manner, folder: Path) -> bool:
    if not contender.is_other:
        return True
    if manner not in (SEQUENTIAL, BUSY):
        return False
    try:
        run_job(contender, call, folder, {"connections": manner.connections, "seconds": 0.1})
    except CannotCarry as error:
        print(f"left out: {error}", flush=True)
        return False
    return True


def _rounds(
    jobs: Sequence[tuple[Contender, Job]], call: Call, rounds: int, folder: Path
) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {contender.name: [] for contender, _ in jobs}
    for _ in range(rounds):
        for contender, job in jobs:
            found[contender.name].append(run_job(contender, call, folder, job))
    return found


def _job(measured: Measured, name: str, call: Call, manner: Manner, length: Length) -> Job:
    rate = _rate(measured, name, call, manner)
    return {
        "connections": max(1, manner.connections),
        "seconds": length.seconds,
        "rate_per_s": rate,
    }


def _rate(measured: Measured, name: str, call: Call, manner: Manner) -> float:
    """Calls a second of an open loop: half of what the closed one came to; 0 for a closed one."""
    if manner.connections:
        return 0.0
    return OPEN_LOOP_SHARE * measured[name, call, BUSY].calls_per_s


def _median(results: Sequence[Result]) -> Result:
    """Figure by figure."""
    plain = [asdict(result) for result in results]
    return Result(**{each.name: median(row[each.name] for row in plain) for each in fields(Result)})
