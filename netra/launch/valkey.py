"""Our own two Valkeys: one that keeps what it is told, one that forgets the least used."""

import os
from functools import partial

from netra.launch.binaries import valkey_server
from netra.launch.files import write_private
from netra.launch.places import Places
from netra.launch.probes import valkey_answers
from netra.launch.processes import Program

_COMMON = """bind 127.0.0.1
protected-mode yes
databases 64
save ""
daemonize no
"""
SETTINGS = {
    "queue": "appendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\n",
    "cache": "appendonly no\nmaxmemory 256mb\nmaxmemory-policy allkeys-lru\n",
}


def open_valkey(places: Places, name: str, *, port: int, password: str) -> Program:
    """The server `name` of SETTINGS, its directory and configuration in place.

    The password stands in a file of its own because everybody can read a command line.
    """
    home = places.local / name
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration = home / "valkey.conf"
    own = f'port {port}\ndir "{home}"\nrequirepass {password}\n'
    write_private(configuration, _COMMON + SETTINGS[name] + own)
    return Program(
        name=name,
        argv=(str(valkey_server()), str(configuration)),
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        cwd=home,
        log=places.logs / f"{name}.log",
        is_service=True,
        is_ready=partial(valkey_answers, port, password),
    )


def valkey_url(port: int, password: str) -> str:
    """Database 0 of the server."""
    return f"redis://:{password}@127.0.0.1:{port}/0"
