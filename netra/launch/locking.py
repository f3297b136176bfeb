"""One runner at a time in one set of places."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from netra.launch.failures import LaunchError
from netra.launch.records import start_time


@dataclass(frozen=True)
class Holder:
    """Who runs here: the command's name, its process and when that process began."""

    command: str
    pid: int
    started: str

    def is_alive(self) -> bool:
        return start_time(self.pid) == self.started


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock now, None when nobody does."""
    try:
        file = path.open("r")
    except FileNotFoundError:
        return None
    with file:
        if _try_lock(file, fcntl.LOCK_SH):
            return None
        return _read_holder(path)


@contextmanager
def hold(path: Path, command: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock while the block runs. Raises LaunchError naming the holder after the wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        _wait_for(file, path, wait_seconds)
        file.truncate(0)
        json.dump([command, os.getpid(), start_time(os.getpid())], file)
        file.flush()
        yield


def _wait_for(file: IO[str], path: Path, wait_seconds: float) -> None:
    give_up_at = time.monotonic() + wait_seconds
    while not _try_lock(file, fcntl.LOCK_EX):
        if time.monotonic() >= give_up_at:
            raise LaunchError(_refusal(_read_holder(path)))
        time.sleep(0.1)


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_holder(path: Path) -> Holder:
    try:
        command, pid, started = json.loads(path.read_text())
    except ValueError:  # the holder has the lock but has not written yet
        return Holder("apex", 0, "")
    return Holder(command, pid, started)


def _refusal(holder: Holder) -> str:
    if holder.command == "up":
        return f"apex up already runs here (process {holder.pid}); stop it with ./apex down"
    return f"apex {holder.command} runs here (process {holder.pid}); wait for it to end"
