"""`apex check`: everything about the code that can be said without running its tests."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from netra.launch.environment import Addresses, child_environment
from netra.launch.failures import LaunchError
from netra.launch.places import Places
from netra.launch.sizes import describe, measure
from netra.launch.testing import outside_variables

# Nobody listens there: a check that wants a database fails at once.
_NO_SERVICES = {
    "DATABASE_URL": "postgres://check:check@127.0.0.1:1/check",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "CACHE_URL": "redis://127.0.0.1:1/1",
}
_PYTHON = "python -W error"
COMMANDS = {
    "lint": "ruff check .",
    "format": "ruff format --check .",
    "types": "mypy",
    "layers": "lint-imports",
    "migrations": f"{_PYTHON} manage.py makemigrations --check --dry-run",
    "deployment": f"{_PYTHON} manage.py check --deploy --fail-level WARNING",
}
_SETTINGS = {"deployment": "netra.settings.prod"}


@dataclass(frozen=True)
class Outcome:
    """What one check said and how long it took."""

    name: str
    is_ok: bool
    said: str
    seconds: float


def check(places: Places, arguments: Sequence[str]) -> int:
    """Run every check, or those named; 0 when all passed, 1 otherwise."""
    wanted = list(arguments) or ["sizes", *COMMANDS]
    for name in wanted:
        if name not in COMMANDS and name != "sizes":
            raise LaunchError(f"there is no check {name}; there are: sizes {' '.join(COMMANDS)}")
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        outcomes = list(pool.map(lambda name: _run(places, name), wanted))
    return report(outcomes)


def report(outcomes: Sequence[Outcome]) -> int:
    """Print what failed in full and then one line each; 1 when any failed."""
    for outcome in outcomes:
        if not outcome.is_ok or outcome.name == "sizes":
            print(f"── {outcome.name}\n{outcome.said.rstrip()}\n")
    for outcome in outcomes:
        word = "ok" if outcome.is_ok else "FAILED"
        print(f"{outcome.name:<12}{word:<8}{outcome.seconds:5.1f} s")
    return 0 if all(outcome.is_ok for outcome in outcomes) else 1


def _run(places: Places, name: str) -> Outcome:
    began = time.monotonic()
    is_ok, said = _sizes(places) if name == "sizes" else _command(places, name)
    return Outcome(name, is_ok, said, time.monotonic() - began)


def _sizes(places: Places) -> tuple[bool, str]:
    figures = measure(places.root)
    return not figures.breaches, describe(figures)


def _command(places: Places, name: str) -> tuple[bool, str]:
    program, *rest = COMMANDS[name].split()
    done = subprocess.run(
        [str(places.venv / "bin" / program), *rest],
        env=check_environment(places, os.environ, _SETTINGS.get(name, "netra.settings.test")),
        cwd=places.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def check_environment(places: Places, caller: Mapping[str, str], settings: str) -> dict[str, str]:
    """Throw-away secrets and no services, whatever the caller has set."""
    return child_environment(
        places.for_tests(),
        outside_variables(caller),
        services=_NO_SERVICES,
        addresses=Addresses(),
        settings=settings,
    )
