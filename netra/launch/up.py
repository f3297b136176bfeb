"""`apex up` and `apex down`: everything of the Procfile, and the databases behind it."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from string import Template

from netra.launch.environment import Addresses, announce, child_environment
from netra.launch.failures import LaunchError
from netra.launch.files import read_json, require_space, tail
from netra.launch.interrupts import Interrupts, Stopped
from netra.launch.locking import Holder, hold, holder_of
from netra.launch.places import Places
from netra.launch.ports import require_free, service_ports
from netra.launch.probes import http_status
from netra.launch.processes import Program
from netra.launch.records import send, sweep_earlier
from netra.launch.services import READY_SECONDS, fresh_run, open_services
from netra.launch.supervisor import Patience, Supervisor
from netra.launch.terminal import Terminal

_ANSWER_SECONDS = 180.0
# Which program answers where, once it is ready: its port's variable and the path asked.
_HEALTH = {
    "web": ("PORT_WEB", "/readyz"),
    "gateway": ("PORT_GATEWAY", "/healthz"),
    "simulator": ("PORT_SIMULATOR", "/healthz"),
}


@dataclass(frozen=True)
class Launch:
    """One `up`: where, on which ports, told to whom."""

    places: Places
    addresses: Addresses
    caller: Mapping[str, str]
    terminal: Terminal = field(default_factory=Terminal)
    patience: Patience = field(default_factory=Patience)


def up(launch: Launch) -> int:
    """Run everything until asked to stop; 0 then. Raises LaunchError when it cannot go on."""
    places = launch.places
    with hold(places.lock, "up"), Interrupts() as interrupts:
        require_space(places.root)
        run = fresh_run(places)
        addresses = _free_addresses(launch)
        services = open_services(places, launch.caller)
        env = child_environment(places, launch.caller, services=services.urls, addresses=addresses)
        with Supervisor(run, launch.terminal, interrupts, launch.patience) as supervisor:
            try:
                supervisor.start(services.programs)
                supervisor.wait_until_ready(READY_SECONDS)
                _serve(launch, supervisor, env)
            except Stopped:
                launch.terminal.say("stopping")
    return 0


def _free_addresses(launch: Launch) -> Addresses:
    """The ports asked for, if nobody listens there; one for the simulator if none was."""
    addresses = launch.addresses
    require_free(addresses.portal, "--portal-port")
    require_free(addresses.gateway, "--gateway-port")
    if not addresses.simulator:
        found = service_ports(launch.places, ["simulator"])
        return replace(addresses, simulator=found["simulator"])
    require_free(addresses.simulator, "--simulator-port")
    return addresses


def _serve(launch: Launch, supervisor: Supervisor, env: Mapping[str, str]) -> None:
    places = launch.places
    announce(places, env, read_json(places.demo))
    _prepare(launch, supervisor, env)
    places.demo.chmod(0o600)
    demo = read_json(places.demo)
    announce(places, env, demo)
    supervisor.start(procfile_programs(places, env))
    supervisor.wait_until_ready(_ANSWER_SECONDS)
    launch.terminal.say(ready_line(env, demo))
    supervisor.watch()


def ready_line(env: Mapping[str, str], demo: Mapping[str, str]) -> str:
    """The one line that says where everything is."""
    return (
        f"ready  portal {env['NETRA_PORTAL_URL']}  gateway {env['NETRA_GATEWAY_URL']}  "
        f"login {demo.get('email', '?')} / {demo.get('password', '?')}"
    )


def _prepare(launch: Launch, supervisor: Supervisor, env: Mapping[str, str]) -> None:
    program = prepare_program(launch.places, env)
    if status := supervisor.run_once(program):
        raise LaunchError(
            f"bringing the database up to date failed with status {status}; "
            f"the end of {program.log}:\n{tail(program.log)}"
        )


def prepare_program(places: Places, env: Mapping[str, str]) -> Program:
    """Migrations of every schema and the demo organisation, in one process."""
    return Program(
        name="prepare",
        argv=(str(places.python), str(places.manage), "prepare", "--demo", str(places.demo)),
        env=env,
        cwd=places.root,
        log=places.logs / "prepare.log",
        is_shown=True,
    )


def procfile_programs(places: Places, env: Mapping[str, str]) -> list[Program]:
    """The programs of the Procfile, `$NAME` replaced from `env`; no shell stands between."""
    lines = (places.root / "Procfile").read_text().splitlines()
    entries = [line.partition(":") for line in lines if line.strip() and line[0] != "#"]
    return [_program(places, name.strip(), command, env) for name, _, command in entries]


def _program(places: Places, name: str, command: str, env: Mapping[str, str]) -> Program:
    return Program(
        name=name,
        argv=tuple(shlex.split(Template(command).substitute(env))),
        env=env,
        cwd=places.root,
        log=places.logs / f"{name}.log",
        is_shown=True,
        is_ready=_readiness(name, env),
    )


def _readiness(name: str, env: Mapping[str, str]) -> Callable[[], bool]:
    if name not in _HEALTH:
        return lambda: True
    variable, path = _HEALTH[name]
    return partial(_is_healthy, int(env[variable]), path)


def _is_healthy(port: int, path: str) -> bool:
    return http_status(port, path) == 200


def down(places: Places, terminal: Terminal, *, patience_seconds: float = 20.0) -> int:
    """Stop what runs here and everything left of earlier runs; 0, also when there was nothing."""
    holder = holder_of(places.lock)
    if holder is not None:
        _stop_holder(holder, patience_seconds)
    left = sweep_earlier(places.runs)
    terminal.say("stopped" if holder or left else "nothing was running")
    return 0


def _stop_holder(holder: Holder, patience_seconds: float) -> None:
    give_up_at = time.monotonic() + patience_seconds
    if holder.is_alive():
        send(holder.pid, 15)
    while holder.is_alive():
        if time.monotonic() > give_up_at:
            send(holder.pid, 9)
        time.sleep(0.05)


def in_venv(places: Places) -> bool:
    """True when this very process runs the Python of `.venv`."""
    return Path(sys.prefix) == places.venv and os.environ.get("PYTHONHOME") is None
