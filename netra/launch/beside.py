"""A whole product beside the one in use, as `up` runs it, with databases and folders of its own.

python -m netra.launch.beside LOCAL PORTAL_PORT GATEWAY_PORT SIMULATOR_PORT
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from netra.launch.commands import django_environment
from netra.launch.environment import Addresses
from netra.launch.failures import LaunchError
from netra.launch.files import tail
from netra.launch.places import CHECKOUT, Places
from netra.launch.ports import service_ports
from netra.launch.probes import http_status
from netra.launch.processes import die_with_us
from netra.launch.testing import outside_variables
from netra.launch.up import Launch, up

_START_SECONDS = 300.0
_END_SECONDS = 60.0
_SERVERS = ("portal", "gateway", "simulator")
# What lies beside the spool in the checkout unless it is said, and would be shared with `up`.
_FOLDERS = {"NETRA_SNAPSHOT_DIR": "snapshot", "NETRA_IMPORT_DIR": "imports"}
_INDEX = Path("/dev/shm")  # noqa: S108  (in memory, as the gateway asks)


@contextmanager
def running_beside(
    places: Places, caller: Mapping[str, str], **own: str
) -> Iterator[dict[str, str]]:
    """The product in `places` while the block runs; the environment of a Django process beside it.

    own: further variables of its programs. Raises LaunchError when it does not come up.
    """
    folders = {name: str(places.local / folder) for name, folder in _FOLDERS.items()}
    index = {"NETRA_INDEX_DIR": str(_INDEX / f"netra-{places.local.name}")}
    env = outside_variables(caller) | folders | index | own
    ports = service_ports(places, _SERVERS)
    process = _started(places, ports, env)
    try:
        _wait(process, ports, _log(places))
        with django_environment(places, env, "bench") as given:
            yield given
    finally:
        _end(process)


def _log(places: Places) -> Path:
    return places.logs / "up.log"


def _started(
    places: Places, ports: Mapping[str, int], env: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    places.logs.mkdir(parents=True, exist_ok=True)
    numbers = [str(ports[name]) for name in _SERVERS]
    with _log(places).open("wb") as log:
        return subprocess.Popen(
            [str(places.python), "-m", "netra.launch.beside", str(places.local), *numbers],
            env=dict(env),
            cwd=places.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_us(signal.SIGTERM),
        )


def _wait(process: "subprocess.Popen[bytes]", ports: Mapping[str, int], log: Path) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while not all(http_status(ports[name], "/readyz") == 200 for name in _SERVERS[:2]):
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise LaunchError(f"the product did not come up; the end of {log}:\n{tail(log)}")
        time.sleep(0.2)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(local: str, *ports: str) -> int:
    """Run until told to stop; 0 then."""
    portal, gateway, simulator = map(int, ports)
    addresses = Addresses(portal, gateway, simulator)
    try:
        return up(Launch(Places(CHECKOUT, Path(local)), addresses, dict(os.environ)))
    except LaunchError as error:
        print(f"apex: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
