"""`apex check`: everything about the code that can be said without running its tests."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from netra.launch.environment import SERVICE_URLS, Addresses, child_environment
from netra.launch.failures import LaunchError
from netra.launch.locking import hold
from netra.launch.places import Places
from netra.launch.services import running_services
from netra.launch.sizes import describe, measure
from netra.launch.testing import outside_variables

COMMANDS = {
    "lint": "ruff check .",
    "format": "ruff format --check .",
    "types": "mypy",
    "layers": "lint-imports",
    "migrations": "python manage.py makemigrations --check --dry-run",
    "deployment": "python manage.py check --deploy --fail-level WARNING",
}
_NEED_DATABASE = {"migrations", "deployment"}
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
    if not {"-h", "--help"}.isdisjoint(arguments):
        print(
            f"usage: apex check [{' | '.join(['sizes', *COMMANDS])}]...   all of them unless named"
        )
        return 0
    wanted = list(arguments) or ["sizes", *COMMANDS]
    for name in wanted:
        if name not in COMMANDS and name != "sizes":
            raise LaunchError(f"there is no check {name}; there are: sizes {' '.join(COMMANDS)}")
    with _services(places, wanted) as urls:
        env = check_environment(places, os.environ, urls)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            outcomes = list(pool.map(lambda name: _run(places, name, env), wanted))
    return report(outcomes)


@contextmanager
def _services(places: Places, wanted: Sequence[str]) -> Iterator[dict[str, str]]:
    """Empty databases for the checks that ask one; for others addresses where nobody listens."""
    ground = places.for_checks()
    if not _NEED_DATABASE & set(wanted):
        yield dict.fromkeys(SERVICE_URLS, "postgres://127.0.0.1:1/none")
        return
    with (
        hold(ground.lock, "check"),
        running_services(ground, outside_variables(os.environ), is_durable=False) as urls,
    ):
        yield urls


def report(outcomes: Sequence[Outcome]) -> int:
    """Print what failed in full and then one line each; 1 when any failed."""
    for outcome in outcomes:
        if not outcome.is_ok or outcome.name == "sizes":
            print(f"── {outcome.name}\n{outcome.said.rstrip()}\n")
    for outcome in outcomes:
        word = "ok" if outcome.is_ok else "FAILED"
        print(f"{outcome.name:<12}{word:<8}{outcome.seconds:5.1f} s")
    return 0 if all(outcome.is_ok for outcome in outcomes) else 1


def _run(places: Places, name: str, env: Mapping[str, str]) -> Outcome:
    began = time.monotonic()
    is_ok, said = _sizes(places) if name == "sizes" else _command(places, name, env)
    return Outcome(name, is_ok, said, time.monotonic() - began)


def _sizes(places: Places) -> tuple[bool, str]:
    figures = measure(places.root)
    return not figures.breaches, describe(figures)


def _command(places: Places, name: str, env: Mapping[str, str]) -> tuple[bool, str]:
    program, *rest = COMMANDS[name].split()
    done = subprocess.run(
        [str(places.venv / "bin" / program), *rest],
        env=dict(env) | {"DJANGO_SETTINGS_MODULE": _SETTINGS.get(name, "netra.settings.test")},
        cwd=places.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def check_environment(
    places: Places, caller: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, str]:
    """Throw-away secrets and services, whatever the caller has set."""
    env = child_environment(
        places.for_checks(), outside_variables(caller), services=urls, addresses=Addresses()
    )
    return env | {"NETRA_TEST_RUN": "1"}
