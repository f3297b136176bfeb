"""What we started: processes on record, so that a later run can end what an earlier one left.

A record holds the process id together with its start time and the boot, because ids are reused.
Descendants are found by the run's name in their environment.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

MARK = "NETRA_APEX_RUN"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def start_time(pid: int) -> str:
    """A name for the moment at which process `pid` began; empty when it is gone or a zombie."""
    try:
        # The name of the program is in parentheses and may itself hold blanks and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{_BOOT.read_text().strip()}:{fields[19]}"


@dataclass(frozen=True)
class Record:
    """One process that we started and the signal that asks it to end."""

    name: str
    pid: int
    started: str
    stop_signal: int

    def is_alive(self) -> bool:
        return bool(self.started) and start_time(self.pid) == self.started


@dataclass(frozen=True)
class Run:
    """The processes of one run; its file is named after the run."""

    directory: Path
    run_id: str
    mark: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mark", f"{MARK}={self.run_id}")

    @property
    def path(self) -> Path:
        return self.directory / f"{self.run_id}.jsonl"

    def add(self, name: str, pid: int, stop_signal: int) -> None:
        """Put a process on record, durably enough to outlive our own death."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(Record(name, pid, start_time(pid), stop_signal))) + "\n")

    def survivors(self) -> list[Record]:
        """Recorded processes and their descendants that still run."""
        recorded = [record for record in self._recorded() if record.is_alive()]
        known = {record.pid for record in recorded}
        return recorded + [r for r in marked_processes(self.mark) if r.pid not in known]

    def _recorded(self) -> Iterator[Record]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        for line in lines:
            try:
                yield Record(**json.loads(line))
            except (ValueError, TypeError):  # the last line of a run that was cut off
                continue


def marked_processes(mark: str) -> list[Record]:
    """Processes other than this one whose environment holds `mark`."""
    wanted = mark.encode()
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    marked = [pid for pid in pids if pid != os.getpid() and wanted in _environment(pid)]
    return [Record("descendant", pid, start_time(pid), signal.SIGTERM) for pid in marked]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def sweep(run: Run, *, grace_seconds: float = 8.0) -> int:
    """End everything left of `run`, forcibly after the grace; the count of processes ended."""
    ended = _ask_to_end(run)
    give_up_at = time.monotonic() + grace_seconds
    while (left := run.survivors()) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    for record in left:
        send(record.pid, signal.SIGKILL)
    run.path.unlink(missing_ok=True)
    return ended


def _ask_to_end(run: Run) -> int:
    survivors = run.survivors()
    for record in survivors:
        send(record.pid, record.stop_signal)
    return len(survivors)


def sweep_earlier(directory: Path, *, keep: str = "") -> int:
    """`sweep` every run recorded in `directory` except `keep`; the count of processes ended."""
    runs = [Run(directory, path.stem) for path in directory.glob("*.jsonl")]
    return sum(sweep(run) for run in runs if run.run_id != keep)


def send(pid: int, number: int) -> None:
    """Signal a process that may be gone by now."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
