"""Programs kept running until somebody asks us to stop."""

import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType

from netra.launch.failures import LaunchError
from netra.launch.files import tail
from netra.launch.interrupts import Interrupts
from netra.launch.output import Outputs
from netra.launch.processes import Program, adopt_orphans, clear_orphans, spawn
from netra.launch.records import Run, send, sweep
from netra.launch.terminal import Terminal
from netra.launch.warden import post

_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Patience:
    """How often a program may fail: a failure is quick when it ended within `quick_seconds`."""

    quick_seconds: float = 15.0
    quick_failures: int = 4
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 15.0

    def pause_seconds(self, failures: int) -> float:
        """The wait before the start that follows the `failures`-th quick failure in a row."""
        doubled = self.first_pause_seconds * 2 ** max(0, failures - 1)
        return float(min(self.longest_pause_seconds, doubled))


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    started: float
    failures: int = 0
    restart_at: float | None = None
    has_been_ready: bool = False

    def is_ready(self) -> bool:
        """True from the first time that it answers until it ends."""
        if self.restart_at is None and not self.has_been_ready:
            self.has_been_ready = self.program.is_ready()
        return self.has_been_ready


class Supervisor:
    """Starts programs, restarts those that end, and leaves none behind.

    A context manager: leaving it stops everything. Every method that waits raises Stopped
    (see interrupts) when a signal asked for the end, and LaunchError when a program keeps failing.
    """

    def __init__(
        self, run: Run, terminal: Terminal, interrupts: Interrupts, patience: Patience | None = None
    ) -> None:
        self._run = run
        self._terminal = terminal
        self._interrupts = interrupts
        self._patience = patience or Patience()
        self._outputs = Outputs(terminal)
        self._children: dict[str, _Child] = {}
        adopt_orphans()
        self._warden = post(run)

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, programs: Iterable[Program]) -> None:
        """Start them all, without waiting for any."""
        for program in programs:
            self._children[program.name] = self._begin(program)

    def wait_until_ready(self, seconds: float) -> None:
        """Return when every program runs and is ready; raise LaunchError after `seconds`."""
        give_up_at = time.monotonic() + seconds
        while waiting := self._unready():
            if time.monotonic() > give_up_at:
                raise LaunchError(self._not_ready(waiting[0], seconds))
            self._tick()

    def run_once(self, program: Program) -> int:
        """Run a program that ends by itself; its exit status."""
        child = self._begin(program)
        try:
            while child.process.poll() is None:
                self._tick()
        except BaseException:
            self._end([child])
            raise
        self._outputs.drain()
        return child.process.returncode

    def watch(self) -> None:
        """Keep everything running until asked to stop, which raises Stopped."""
        while True:
            self._tick()

    def stop(self) -> None:
        """Stop everything: services last, forcibly what does not end in time."""
        services = [c for c in self._children.values() if c.program.is_service]
        self._end([c for c in self._children.values() if not c.program.is_service])
        self._end(services)
        self._children.clear()
        sweep(self._run, grace_seconds=1)
        self._dismiss_warden()
        clear_orphans()

    def _begin(self, program: Program) -> _Child:
        process = spawn(program, self._run)
        if process.stdout is not None:
            self._outputs.follow(program.name, process.stdout, program.log)
        return _Child(program, process, time.monotonic())

    def _tick(self) -> None:
        self._outputs.pump(_TICK_SECONDS)
        self._interrupts.check()
        for child in self._children.values():
            self._look_after(child)

    def _look_after(self, child: _Child) -> None:
        if child.restart_at is not None:
            if time.monotonic() >= child.restart_at:
                self._restart(child)
        elif child.process.poll() is not None:
            self._outputs.drain()
            self._plan_restart(child)

    def _plan_restart(self, child: _Child) -> None:
        lasted = time.monotonic() - child.started
        child.failures = child.failures + 1 if lasted < self._patience.quick_seconds else 1
        what = f"{child.program.name} {describe_end(child.process.returncode)}"
        if child.failures >= self._patience.quick_failures:
            raise LaunchError(_given_up(child, what))
        pause = self._patience.pause_seconds(child.failures)
        self._terminal.say(f"{what}; starting it again in {pause:g} s")
        child.restart_at = time.monotonic() + pause
        child.has_been_ready = False

    def _restart(self, child: _Child) -> None:
        fresh = self._begin(child.program)
        child.process, child.started, child.restart_at = fresh.process, fresh.started, None

    def _unready(self) -> list[_Child]:
        return [child for child in self._children.values() if not child.is_ready()]

    def _not_ready(self, child: _Child, seconds: float) -> str:
        log = child.program.log
        return f"{child.program.name} is not ready after {seconds:g} s; see {log}\n{tail(log)}"

    def _end(self, children: list[_Child]) -> None:
        for child in children:
            if child.process.poll() is None:
                send(child.process.pid, child.program.stop_signal)
        began = time.monotonic()
        while alive := [c for c in children if c.process.poll() is None]:
            self._outputs.pump(0.02)
            self._kill_late(alive, time.monotonic() - began)
        self._outputs.drain()

    def _kill_late(self, alive: list[_Child], waited: float) -> None:
        for child in alive:
            if waited > child.program.grace_seconds or self._interrupts.is_impatient:
                send(child.process.pid, signal.SIGKILL)

    def _dismiss_warden(self) -> None:
        if self._warden.stdin is not None:
            self._warden.stdin.close()
        try:
            self._warden.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._warden.kill()
            self._warden.wait()


def describe_end(status: int) -> str:
    """An exit status of subprocess in words."""
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"


def _given_up(child: _Child, what: str) -> str:
    log = child.program.log
    return f"{what}, {child.failures} times in a row; the end of {log}:\n{tail(log)}"
