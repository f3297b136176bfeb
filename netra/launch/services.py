"""The databases behind everything: ours, or those that the caller names."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from netra.launch.environment import SERVICE_URLS, given_url, is_set, local_secrets
from netra.launch.interrupts import Interrupts
from netra.launch.places import Places
from netra.launch.ports import service_ports
from netra.launch.postgres import open_cluster
from netra.launch.probes import require_reachable
from netra.launch.processes import Program
from netra.launch.records import Run, sweep_earlier
from netra.launch.supervisor import Supervisor
from netra.launch.terminal import Terminal
from netra.launch.valkey import open_valkey, valkey_url

READY_SECONDS = 60.0
_NAMES = {"DATABASE_URL": "postgres", "REDIS_URL": "queue", "CACHE_URL": "cache"}


@dataclass(frozen=True)
class Services:
    """Programs to start and the URLs at which they will answer; the caller's own are in neither."""

    programs: list[Program]
    urls: dict[str, str]


def open_services(
    places: Places, caller: Mapping[str, str], *, is_durable: bool = True
) -> Services:
    """Prepare what the caller does not provide; raise LaunchError when what it provides is away."""
    for variable in SERVICE_URLS:
        if is_set(caller, variable):
            require_reachable(variable, given_url(caller, variable))
    missing = [_NAMES[v] for v in SERVICE_URLS if not is_set(caller, v)]
    ports = service_ports(places, missing)
    opened = Services([], {})
    for name, port in ports.items():
        _open(opened, name, places, caller, port=port, is_durable=is_durable)
    return opened


def _open(
    opened: Services,
    name: str,
    places: Places,
    caller: Mapping[str, str],
    *,
    port: int,
    is_durable: bool,
) -> None:
    kept = local_secrets(places)
    if name == "postgres":
        password = kept["postgres_password"]
        cluster = open_cluster(places, caller, port=port, password=password, is_durable=is_durable)
        opened.programs.append(cluster.program())
        opened.urls["DATABASE_URL"] = cluster.url
        return
    password = kept["valkey_password"]
    opened.programs.append(open_valkey(places, name, port=port, password=password))
    opened.urls["REDIS_URL" if name == "queue" else "CACHE_URL"] = valkey_url(port, password)


def fresh_run(places: Places) -> Run:
    """A run of our own, after ending whatever earlier runs left."""
    sweep_earlier(places.runs)
    return Run(places.runs, os.urandom(8).hex())


@contextmanager
def running_services(
    places: Places, caller: Mapping[str, str], *, is_durable: bool = True
) -> Iterator[dict[str, str]]:
    """The services for the length of the block; yields their URLs. The caller holds the lock."""
    run = fresh_run(places)
    services = open_services(places, caller, is_durable=is_durable)
    with Interrupts() as interrupts, Supervisor(run, Terminal(), interrupts) as supervisor:
        supervisor.start(services.programs)
        supervisor.wait_until_ready(READY_SECONDS)
        yield services.urls
