"""Chromium for the browser tests: found, or installed the way this machine allows."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from netra.launch.places import Places
from netra.launch.terminal import Terminal

VARIABLE = "NETRA_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
_MISSING = (
    "no Chromium: tests marked `browser` will fail; install it (Debian: apt install chromium) "
    f"or set {VARIABLE} to its path"
)
# Unpacks the program and its libraries below TMPDIR and says where.
_UNPACK = """
import("@sparticuz/chromium").then(async (m) => console.log(await m.default.executablePath()))
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
    return _succeeds(install) and _succeeds(["node", "-e", _UNPACK], home)


def _npm_home(places: Places) -> Path:
    return places.local / "browser"


def _unpacked(places: Places) -> dict[str, str]:
    home = _npm_home(places)
    program = home / "chromium"
    if not os.access(program, os.X_OK):
        return {}
    return {VARIABLE: str(program), "LD_LIBRARY_PATH": str(home / "al2023" / "lib")}


def _succeeds(command: Sequence[str], home: Path | None = None) -> bool:
    """True when it does; TMPDIR is `home`, where the unpacked browser then stays."""
    own = {"DEBIAN_FRONTEND": "noninteractive"} | ({"TMPDIR": str(home)} if home else {})
    done = subprocess.run(
        command, env=dict(os.environ) | own, cwd=home, capture_output=True, check=False
    )
    return done.returncode == 0
