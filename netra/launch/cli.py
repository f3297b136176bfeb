"""The command line of ./apex."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from netra.launch import benching, checking, commands, demoing, testing, venv
from netra.launch.environment import Addresses, without_own_urls
from netra.launch.failures import LaunchError, explain_os_error
from netra.launch.interrupts import Stopped
from netra.launch.places import CHECKOUT, Places
from netra.launch.terminal import Terminal
from netra.launch.up import Launch, down, in_venv, up

USAGE = """usage: ./apex COMMAND [OPTIONS]

  up [--portal-port N] [--gateway-port N] [--simulator-port N]
                                            run everything; Ctrl-C stops it
  down                                      stop it from another terminal
  demo [--requests N] [--speed X] [--again] recorded traffic through what runs, with the truth
  manage ARGUMENTS                          manage.py against the running databases
  test [PYTEST ARGUMENTS] [--long]          the test suite
  check                                     lint, types, layers, sizes, migrations, deployment
  bench NAME [--quick] [--json FILE]        a benchmark; all of them with the name `all`
  lock [--upgrade]                          pin requirements again from the .in files

DATABASE_URL, REDIS_URL and CACHE_URL, when set, replace our own Postgres and Valkeys.
NETRA_PG_BIN names the bin directory of another Postgres (15 or newer).
"""
INTERRUPTED = 130
# Option: its variable, and the port without either; 0 is any that is free.
_PORTS = {
    "--portal-port": ("PORT_WEB", 8000),
    "--gateway-port": ("PORT_GATEWAY", 8001),
    "--simulator-port": ("PORT_SIMULATOR", 0),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 when it did what it should, 2 when it could not, with one line why."""
    try:
        return _dispatch(Places.of(CHECKOUT), list(arguments))
    except LaunchError as error:
        return fail(error)
    except OSError as error:
        return fail(explain_os_error(error))
    except (KeyboardInterrupt, Stopped):
        return INTERRUPTED


def fail(error: LaunchError) -> int:
    """Say why in one line; the exit status for it."""
    print(f"apex: {error}", file=sys.stderr)
    return 2


def _dispatch(places: Places, arguments: list[str]) -> int:
    name = arguments[0] if arguments else "help"
    if name in {"help", "-h", "--help"}:
        print(USAGE, end="")
        return 0
    if name not in COMMANDS:
        raise LaunchError(f"there is no command {name}; ./apex help lists them")
    requirements, command = COMMANDS[name]
    if requirements:
        _enter_venv(places, requirements, arguments)
    return command(places, arguments[1:])


def _enter_venv(places: Places, requirements: str, arguments: Sequence[str]) -> None:
    """Go on in the Python of `.venv`, which replaces this process when it is another one."""
    venv.ensure_venv(places, requirements, Terminal())
    if not in_venv(places):
        script = str(places.root / "apex")
        os.execv(places.python, [str(places.python), script, *arguments])  # noqa: S606


def _up(places: Places, arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("apex up")
    for option, (variable, default) in _PORTS.items():
        given = int(os.environ.get(variable, default))
        told = f"{default or 'any that is free'} unless {variable} says another"
        parser.add_argument(option, type=int, default=given, metavar="N", help=told)
    options = parser.parse_args(arguments)
    addresses = Addresses(options.portal_port, options.gateway_port, options.simulator_port)
    own = {variable for variable, _ in _PORTS.values()}
    caller = {name: value for name, value in os.environ.items() if name not in own}
    return up(Launch(places, addresses, without_own_urls(places, caller)))


def _down(places: Places, arguments: list[str]) -> int:
    argparse.ArgumentParser("apex down").parse_args(arguments)
    return down(places, Terminal())


def _manage(places: Places, arguments: list[str]) -> int:
    return commands.manage(places, without_own_urls(places, os.environ), arguments)


def _demo(places: Places, arguments: list[str]) -> int:
    return demoing.demo(places, without_own_urls(places, os.environ), arguments)


def _lock(places: Places, arguments: list[str]) -> int:
    if not {"-h", "--help"}.isdisjoint(arguments):
        print("usage: apex lock [--upgrade | --upgrade-package NAME]   what uv pip compile takes")
        return 0
    return venv.lock(places, arguments)


COMMANDS: dict[str, tuple[str, Callable[[Places, list[str]], int]]] = {
    "up": (venv.RUNTIME, _up),
    "down": ("", _down),
    "manage": (venv.RUNTIME, _manage),
    "demo": (venv.DEV, _demo),
    "test": (venv.DEV, testing.test),
    "check": (venv.DEV, checking.check),
    "bench": (venv.DEV, benching.bench),
    "lock": (venv.RUNTIME, _lock),
}
