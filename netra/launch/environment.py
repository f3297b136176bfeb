"""The environment of every process that we start, and the local secrets in it."""

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from netra.launch.failures import LaunchError
from netra.launch.files import read_assignments, read_json, write_assignments, write_json
from netra.launch.places import Places

SERVICE_URLS = ("DATABASE_URL", "REDIS_URL", "CACHE_URL")
_SECRET_VARIABLES = ("NETRA_SECRET_KEY", "NETRA_KEK", "NETRA_KEY_PEPPER")


@dataclass(frozen=True)
class Addresses:
    """The ports of the servers that people reach, and of the simulator where one runs."""

    portal: int = 8000
    gateway: int = 8001
    simulator: int = 0  # none, or for `up`: any that is free

    def variables(self) -> dict[str, str]:
        return {
            "NETRA_PORTAL_URL": f"http://localhost:{self.portal}",
            "NETRA_GATEWAY_URL": f"http://localhost:{self.gateway}",
            "PORT_WEB": str(self.portal),
            "PORT_GATEWAY": str(self.gateway),
            **self._simulator_variables(),
        }

    def _simulator_variables(self) -> dict[str, str]:
        if not self.simulator:
            return {}
        return {
            "NETRA_SIMULATOR_URL": f"http://localhost:{self.simulator}",
            "PORT_SIMULATOR": str(self.simulator),
        }


def local_secrets(places: Places) -> dict[str, str]:
    """The secrets of this checkout, made once and kept.

    Raises LaunchError when data exists whose secrets are gone: new ones could not read it.
    """
    kept = read_json(places.secrets)
    if kept:
        return kept
    if places.announcement.exists():
        raise LaunchError(
            f"{places.secrets} is gone, without which the stored data cannot be read; "
            f"restore it, or delete {places.local} to begin anew"
        )
    made = _new_secrets()
    write_json(places.secrets, made)
    return made


def _new_secrets() -> dict[str, str]:
    return {
        "NETRA_SECRET_KEY": secrets.token_urlsafe(50),
        "NETRA_KEK": _new_key(),
        "NETRA_KEY_PEPPER": _new_key(),
        "postgres_password": secrets.token_hex(16),
        "valkey_password": secrets.token_hex(16),
    }


def _new_key() -> str:
    return "local1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def child_environment(
    places: Places,
    caller: Mapping[str, str],
    *,
    services: Mapping[str, str],
    addresses: Addresses,
    settings: str = "netra.settings.dev",
) -> dict[str, str]:
    """What children see: ours, overruled by what the caller has set (also as NAME_FILE)."""
    own = _secret_variables(places) | dict(services) | addresses.variables()
    own["DJANGO_SETTINGS_MODULE"] = settings
    own["NETRA_SPOOL_DIR"] = str(places.local / "spool")
    own["NETRA_GATEWAY_WORKERS"] = "1"
    unset = {name: value for name, value in own.items() if not is_set(caller, name)}
    return dict(caller) | unset | _venv_variables(places, caller) | _bytecode_variables(places)


def _secret_variables(places: Places) -> dict[str, str]:
    kept = local_secrets(places)
    return {name: kept[name] for name in _SECRET_VARIABLES}


def _venv_variables(places: Places, caller: Mapping[str, str]) -> dict[str, str]:
    path = f"{places.venv / 'bin'}{os.pathsep}{caller.get('PATH', os.defpath)}"
    return {"VIRTUAL_ENV": str(places.venv), "PATH": path, "PYTHONUNBUFFERED": "1"}


def _bytecode_variables(places: Places) -> dict[str, str]:
    """Kept once for every process: compiling all that Django imports takes seconds of each start.

    In a folder of its own, also for a caller who wants no such files beside the sources.
    """
    kept = Places.of(places.root).local / "bytecode"
    return {"PYTHONPYCACHEPREFIX": str(kept), "PYTHONDONTWRITEBYTECODE": ""}


def is_set(caller: Mapping[str, str], name: str) -> bool:
    """True when the caller gives `name`, as itself or as the file NAME_FILE."""
    return bool(caller.get(name) or caller.get(f"{name}_FILE"))


def without_own_urls(places: Places, caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables less URLs of our own services, told by their password.

    Somebody who exported `.local/apex.env` names servers that live and end with our run.
    """
    kept = read_json(places.secrets)  # made later, under the lock of the run
    own = {kept["postgres_password"], kept["valkey_password"]} if kept else set()
    return {
        name: value
        for name, value in caller.items()
        if name not in SERVICE_URLS or urlsplit(value).password not in own
    }


def given_url(caller: Mapping[str, str], name: str) -> str:
    """The value of `name`, or the contents of the file that NAME_FILE names."""
    if caller.get(name):
        return caller[name]
    path = Path(caller[f"{name}_FILE"])
    try:
        return path.read_text().strip()
    except OSError as error:
        raise LaunchError(f"{name}_FILE={path} cannot be read: {error.strerror}") from error


def announce(places: Places, env: Mapping[str, str], demo: Mapping[str, str]) -> None:
    """Write `.local/apex.env` for other terminals, scripts and tests."""
    values = {
        "APEX_PORTAL_URL": env["NETRA_PORTAL_URL"],
        "APEX_GATEWAY_URL": env["NETRA_GATEWAY_URL"],
        "APEX_DEMO_EMAIL": demo.get("email", ""),
        "APEX_DEMO_PASSWORD": demo.get("password", ""),
        "APEX_DEMO_KEY": demo.get("key", ""),
        **{name: given_url(env, name) for name in SERVICE_URLS},
        **{name: env[name] for name in Addresses(simulator=1).variables() if name in env},
    }
    write_assignments(places.announcement, values)


def announced(places: Places) -> dict[str, str]:
    """What a running `up` announced that children need: service addresses and ports."""
    values = read_assignments(places.announcement)
    return {name: value for name, value in values.items() if not name.startswith("APEX_")}
