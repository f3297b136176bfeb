"""TCP ports on the loopback interface."""

import secrets
import socket
from collections.abc import Iterable

from netra.launch.failures import LaunchError
from netra.launch.files import read_json, write_json
from netra.launch.places import Places

# Below the kernel's range for outgoing connections, which could take a port while we are down.
_CANDIDATES = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """True when a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def require_free(port: int, option: str) -> None:
    """Raise LaunchError naming the port and the option that changes it."""
    if not is_free(port):
        raise LaunchError(
            f"port {port} is taken by another program; stop it or choose another with {option} PORT"
        )


def pick_free(taken: Iterable[int] = ()) -> int:
    """A port that is free now and not among `taken`."""
    for _ in range(200):
        port = secrets.choice(_CANDIDATES)
        if port not in set(taken) and is_free(port):
            return port
    raise LaunchError("no free port between 20000 and 32000 on 127.0.0.1; stop some programs")


def service_ports(places: Places, names: Iterable[str]) -> dict[str, int]:
    """A free port for each name, the one of last time where that is still free."""
    remembered = read_json(places.ports)
    chosen: dict[str, int] = {}
    for name in names:
        port = int(remembered.get(name, 0))
        chosen[name] = port if port and is_free(port) else pick_free(chosen.values())
    if remembered | chosen != remembered:
        write_json(places.ports, remembered | chosen)
    return chosen
