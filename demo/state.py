"""The run that is under way, or the last one: a file of its own, for it holds keys."""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from demo.organizations import Customer


@dataclass(frozen=True, slots=True)
class Run:
    """id: tells runs apart. requests: of each customer, as asked for. began_at, ended_at: when the
    first call went out and the last came back; None as long as it is under way.
    """

    id: str
    requests: int
    began_at: datetime
    customers: tuple[Customer, ...]
    ended_at: datetime | None = None

    def over(self, at: datetime) -> bool:
        """Whether it can go on no more, since its experiments' only period is over."""
        return any(datetime.fromisoformat(each.period_ends_at) <= at for each in self.customers)

    def ended(self, at: datetime) -> "Run":
        """The same with its last call answered."""
        return replace(self, ended_at=at)


def read_run(folder: Path) -> Run | None:
    """The last run; None where there was none, or its file is damaged."""
    try:
        plain = json.loads((folder / "run.json").read_text())
        return _run(plain)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def write_run(folder: Path, run: Run) -> None:
    """Keep it, readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "run.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(run), file, default=datetime.isoformat)
    fresh.replace(folder / "run.json")


def journal_path(folder: Path, run: Run) -> Path:
    """Of the calls of the run."""
    return folder / f"calls-{run.id}.jsonl"


def _run(plain: dict[str, Any]) -> Run:
    ended_at = plain["ended_at"]
    return Run(
        plain["id"],
        plain["requests"],
        datetime.fromisoformat(plain["began_at"]),
        tuple(Customer(**each) for each in plain["customers"]),
        ended_at and datetime.fromisoformat(ended_at),
    )
