"""The pinned uv: installed by the pip of the machine, told what that pip knows."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from netra.launch.failures import DiskFullError, LaunchError
from netra.launch.places import Places

LOCK_FILE = "requirements-uv.txt"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Settings of pip without which uv would not reach the packages that pip reaches.
_FROM_PIP = {"cert": "SSL_CERT_FILE", "index-url": "UV_DEFAULT_INDEX", "proxy": "ALL_PROXY"}


def uv_program(places: Places) -> Path:
    """In a directory of its own, where no sync removes it."""
    return places.venv / "uv" / "bin" / "uv"


def install_uv(places: Places) -> None:
    """Install it by hash. Raises LaunchError when there is no pip or pip fails."""
    target = uv_program(places).parents[1]
    shutil.rmtree(target, ignore_errors=True)
    arguments = ["install", "-q", "--require-hashes", "--no-deps", "--target", str(target)]
    arguments += ["--disable-pip-version-check", "-r", str(places.root / LOCK_FILE)]
    run([*_pip(places), *arguments], places)


def _pip(places: Places) -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("ensurepip") is None:
        raise LaunchError("this Python has no pip; install it (Debian: apt install python3-pip)")
    run([str(places.python), "-m", "ensurepip"], places)
    return [str(places.python), "-m", "pip"]


def uv(places: Places, arguments: Sequence[str]) -> None:
    """Run it in the checkout. Raises LaunchError with its words when it fails."""
    pip_said = run([*_pip(places), "config", "list"], places)
    environment = dict(os.environ) | uv_settings(places, os.environ, pip_settings(pip_said))
    run([str(uv_program(places)), *arguments], places, environment)


def pip_settings(listed: str) -> dict[str, str]:
    """The settings in the words of `pip config list`; variables overrule files, as in pip."""
    entries = [line.partition("=") for line in listed.splitlines()]
    entries.sort(key=lambda entry: entry[0].startswith(":env:"))
    return {name.rpartition(".")[2]: value.strip("'\"") for name, _, value in entries}


def uv_settings(
    places: Places, caller: Mapping[str, str], pip: Mapping[str, str]
) -> dict[str, str]:
    """What uv must be told: this Python only, pip's index and certificates, a writable cache."""
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if SYSTEM_CERTIFICATES.exists():
        settings["UV_SYSTEM_CERTS"] = "1"
    if not os.access(os.path.expanduser("~"), os.W_OK):
        settings["UV_CACHE_DIR"] = str(places.local / "uv-cache")
    settings |= {name: pip[key] for key, name in _FROM_PIP.items() if key in pip}
    return {name: value for name, value in settings.items() if name not in caller}


def run(
    command: Sequence[str], places: Places, environment: Mapping[str, str] | None = None
) -> str:
    """The output of a command that must succeed. Raises LaunchError, DiskFullError."""
    done = subprocess.run(
        command, cwd=places.root, env=environment, capture_output=True, text=True, check=False
    )
    said = (done.stderr + done.stdout).strip()
    if "No space left on device" in said or "os error 28" in said:
        raise DiskFullError(places.venv)
    if done.returncode:
        name = " ".join([Path(command[0]).name, *command[1:3]])
        raise LaunchError(f"{name} failed; its words:\n{said}")
    return done.stdout
