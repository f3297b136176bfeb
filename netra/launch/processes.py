"""Starting a program so that it cannot outlive us."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

from netra.launch.failures import LaunchError
from netra.launch.files import bounded_log
from netra.launch.records import MARK, Run

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Account:
    """The unprivileged system user that a program runs as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """One program to run: how it is started, asked, heard and stopped.

    `is_shown` sends its output through us to the terminal as well as to `log`;
    `is_service` programs are stopped after all others.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 6.0
    account: Account | None = None
    is_shown: bool = False
    is_service: bool = False
    is_ready: Callable[[], bool] = lambda: True
    before_start: Callable[[], None] = lambda: None


def spawn(program: Program, run: Run) -> "subprocess.Popen[bytes]":
    """Start `program` in a session of its own and put it on record.

    The kernel sends it the stop signal when we die, whatever we die of.
    """
    program.before_start()
    with bounded_log(program.log).open("ab") as log:
        process = _popen(program, log.fileno(), dict(program.env) | {MARK: run.run_id})
    run.add(program.name, process.pid, program.stop_signal)
    return process


def _popen(program: Program, log: int, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    account = program.account
    try:
        return subprocess.Popen(
            program.argv,
            env=env,
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program.is_shown else log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_us(program.stop_signal),
            **as_user(account),
        )
    except FileNotFoundError as error:
        raise LaunchError(f"{program.name}: there is no program {program.argv[0]}") from error


class UserArguments(TypedDict, total=False):
    """The arguments of subprocess that change the user."""

    user: int
    group: int
    extra_groups: list[int]


def adopt_orphans() -> None:
    """From now on descendants that lose their parent become our children.

    Otherwise they go to process 1, which in a container may never clear them away.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def clear_orphans() -> None:
    """Clear away every child that has ended; only for when all children of our own have."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def as_user(account: Account | None) -> UserArguments:
    """The arguments of subprocess that run a program as `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def die_with_us(number: int) -> Callable[[], None]:
    """A preexec_fn: the kernel sends `number` to the new process when this one dies."""
    return partial(_ask_kernel, ctypes.CDLL(None), os.getpid(), number)


def end_with_parent(parent: int, number: int) -> None:
    """From now on the kernel sends `number` to this process when process `parent` dies."""
    _ask_kernel(ctypes.CDLL(None), parent, number)


def _ask_kernel(libc: ctypes.CDLL, parent: int, number: int) -> None:
    libc.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # we died before the request was in place
        os._exit(1)
