"""Server processes of a benchmark: started on a free port, waited for, ended."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Which CPU has the server that is measured, and which the load and the upstream.
MEASURED, OTHERS = 0, 1
_START_SECONDS = 90.0
_END_SECONDS = 20.0


class NotServing(Exception):
    """A server ended, or did not listen in time."""


@dataclass(frozen=True, slots=True)
class Server:
    """A process that listens on `port` of this machine."""

    pid: int
    port: int


def pinned(cpu: int) -> list[str]:
    """Put before a command, keeps it on one CPU, so that what is measured is not pushed around."""
    cpus = sorted(os.sched_getaffinity(0))
    return ["taskset", "--cpu-list", str(cpus[cpu % len(cpus)])]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, port: int, env: Mapping[str, str], log: Path, cpu: int = MEASURED
) -> Iterator[Server]:
    """`command` until the end of the block. Raises NotServing, with the end of its log."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*pinned(cpu), *command], env=dict(env), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, port, log)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(*arguments: str) -> list[str]:
    """A command of this very Python."""
    return [sys.executable, *arguments]


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise NotServing(f"{process.args!r} does not serve:\n{log.read_text()[-2000:]}")
