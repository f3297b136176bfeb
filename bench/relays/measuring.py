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


@dataclass(frozen=True, slots=True)
class Length:
    """How long a benchmark takes."""

    rounds: int
    seconds: float
    calls: tuple[Call, ...]
    manners: tuple[Manner, ...]


def measure(field: Sequence[Contender], length: Length, folder: Path) -> Measured:
    """The median of all rounds, for everything that `length` names."""
    measured: Measured = {}
    for call in length.calls:
        for manner in length.manners:
            print(f"{call.name}, {manner.name} …", flush=True)
            rates = {each.name: _rate(measured, each.name, call, manner) for each in field}
            for name, results in _rounds(field, call, manner, length, folder, rates).items():
                measured[name, call, manner] = _median(results)
    return measured


def run_job(contender: Contender, call: Call, folder: Path, **job: object) -> Result:
    """One measurement. Raises CalledProcessError when a call went wrong."""
    path = folder / f"{contender.name}-{call.name.replace(' ', '-')}.http"
    path.write_bytes(call.request(dict(contender.headers)))
    server = contender.server
    text = json.dumps({"port": server.port, "server_pid": server.pid, "request": str(path)} | job)
    command = [*pinned(OTHERS), *python("-m", "bench.relays.load", text)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=_JOB_SECONDS)
    return Result(**json.loads(done.stdout))


def _rounds(
    field: Sequence[Contender],
    call: Call,
    manner: Manner,
    length: Length,
    folder: Path,
    rates: dict[str, float],
) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {each.name: [] for each in field}
    for _ in range(length.rounds):
        for contender in field:
            job = {"connections": max(1, manner.connections), "seconds": length.seconds}
            result = run_job(contender, call, folder, **job, rate_per_s=rates[contender.name])
            found[contender.name].append(result)
    return found


def _rate(measured: Measured, name: str, call: Call, manner: Manner) -> float:
    """Calls a second of an open loop: half of what the closed one came to; 0 for a closed one."""
    if manner.connections:
        return 0.0
    return OPEN_LOOP_SHARE * measured[name, call, BUSY].calls_per_s


def _median(results: Sequence[Result]) -> Result:
    """Figure by figure."""
    plain = [asdict(result) for result in results]
    return Result(**{each.name: median(row[each.name] for row in plain) for each in fields(Result)})
