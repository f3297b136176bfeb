"""Commands that borrow the running services, or run their own for as long as they last."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from netra.launch.environment import Addresses, announced, child_environment
from netra.launch.failures import LaunchError
from netra.launch.foreground import run_foreground
from netra.launch.locking import hold, holder_of
from netra.launch.places import Places
from netra.launch.probes import require_reachable
from netra.launch.services import running_services

_WAIT_SECONDS = 60.0


def manage(places: Places, caller: Mapping[str, str], arguments: Sequence[str]) -> int:
    """`manage.py ARGUMENTS` against the services of this checkout; its exit status."""
    with django_environment(places, caller, "manage") as env:
        command = [str(places.python), str(places.manage), *arguments]
        return run_foreground(command, env=env, cwd=places.root)


@contextmanager
def django_environment(
    places: Places, caller: Mapping[str, str], command: str
) -> Iterator[dict[str, str]]:
    """The environment of a Django process, its services running for the length of the block."""
    holder = holder_of(places.lock)
    if holder is not None and holder.command == "up":
        yield _borrowed(places, caller)
        return
    with (
        hold(places.lock, command, wait_seconds=_WAIT_SECONDS),
        running_services(places, caller) as urls,
    ):
        yield child_environment(places, caller, services=urls, addresses=Addresses())


def _borrowed(places: Places, caller: Mapping[str, str]) -> dict[str, str]:
    given = announced(places) | dict(caller)
    _wait_until_reachable(given)
    return child_environment(places, given, services={}, addresses=Addresses())


def _wait_until_reachable(given: Mapping[str, str]) -> None:
    """An `up` that has only just begun may not have its database yet."""
    give_up_at = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return require_reachable("DATABASE_URL", given.get("DATABASE_URL", ""))
        except LaunchError:
            if time.monotonic() > give_up_at:
                raise
        time.sleep(0.2)
