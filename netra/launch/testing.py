"""`apex test`: the suite against throw-away databases of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from netra.launch.browser import find_browser, provide_browser
from netra.launch.environment import SERVICE_URLS, Addresses, child_environment
from netra.launch.foreground import run_foreground
from netra.launch.locking import hold
from netra.launch.places import Places
from netra.launch.processes import die_with_us
from netra.launch.services import running_services
from netra.launch.terminal import Terminal

_SELECTING = ("-k", "-m", "--deselect", "--ignore", "--lf", "--ff", "--co", "--pyargs")
_OWN_VARIABLES = (*SERVICE_URLS, "NETRA_SECRET_KEY", "NETRA_KEK", "NETRA_KEY_PEPPER")


def test(places: Places, arguments: list[str]) -> int:
    """Run pytest with `arguments`; its exit status."""
    ground = places.for_tests()
    caller = outside_variables(os.environ)
    with hold(ground.lock, "test"), running_services(ground, caller, is_durable=False) as urls:
        env = test_environment(places, caller, urls) | _browser(places, arguments)
        env["NETRA_TEST_LONG"] = "1" if "--long" in arguments else ""
        command = pytest_command(str(places.python), [a for a in arguments if a != "--long"])
        with _template_ahead(places, env, arguments):
            return run_foreground(command, env=env, cwd=places.root)


def outside_variables(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what could lead tests to anybody's real data."""
    own = {*_OWN_VARIABLES, *(f"{name}_FILE" for name in _OWN_VARIABLES), "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in caller.items() if name not in own}


def test_environment(
    places: Places, caller: Mapping[str, str], urls: Mapping[str, str]
) -> dict[str, str]:
    """What pytest and everything below it sees; NETRA_TEST_RUN says that we prepared it."""
    ground = places.for_tests()
    env = child_environment(
        ground, caller, services=urls, addresses=Addresses(), settings="netra.settings.test"
    )
    return env | {"NETRA_TEST_RUN": "1"}


def pytest_command(python: str, arguments: Sequence[str]) -> list[str]:
    """pytest on every core. Coverage is asked for with --cov: it costs half as much again."""
    command = [python, "-m", "pytest", "-p", "tests.workers"]
    if not any(argument.startswith(("-n", "--pdb")) for argument in arguments):
        command += ["-n", str(len(os.sched_getaffinity(0)))]
    return [*command, *arguments]


def is_whole(arguments: Sequence[str]) -> bool:
    """True when `arguments` neither name nor filter tests."""
    return all(a.startswith("-") and not a.startswith(_SELECTING) for a in arguments)


@contextmanager
def _template_ahead(
    places: Places, env: Mapping[str, str], arguments: Sequence[str]
) -> Iterator[None]:
    """Migrate the database that all others are clones of while pytest collects; whoever needs it
    waits for it, or makes it if this fails. Few tests need none.
    """
    if not is_whole(arguments):
        yield
        return
    command = [str(places.python), "-m", "tests.databases"]
    with subprocess.Popen(
        command,
        env=env,
        cwd=places.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_us(signal.SIGTERM),
    ):
        yield


def _browser(places: Places, arguments: Sequence[str]) -> dict[str, str]:
    """Where Chromium is; only a run that needs one is worth installing it for."""
    if is_whole(arguments) or any("browser" in argument for argument in arguments):
        return provide_browser(places, Terminal())
    return find_browser(places, os.environ)
