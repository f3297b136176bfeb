"""The virtual environment of the checkout: made, filled from the lock files, and made again."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from netra.launch.failures import LaunchError
from netra.launch.files import read_json, require_space, write_json
from netra.launch.places import Places
from netra.launch.terminal import Terminal
from netra.launch.uv import install_uv, run, uv, uv_program

RUNTIME, DEV = "requirements.txt", "requirements-dev.txt"
_ROOM_BYTES = 1_500_000_000


def ensure_venv(places: Places, wanted: str, terminal: Terminal) -> None:
    """Bring `.venv` to the lock file `wanted`. Raises LaunchError, DiskFullError.

    A development environment holds everything that the runtime needs and is never reduced to it.
    """
    if is_current(places, wanted):
        return
    with _only_one(places):
        if not is_current(places, wanted):  # another terminal may have done it meanwhile
            _install(places, _what_to_install(places, wanted), terminal)


def is_current(places: Places, wanted: str) -> bool:
    """True when `.venv` works here and holds what `wanted` says now."""
    stamp = read_stamp(places)
    return (
        stamp.get("root") == str(places.root)
        and stamp.get(wanted) == _digest(places.root / wanted)
        and _runs(places.python)
    )


def read_stamp(places: Places) -> dict[str, str]:
    """What the last complete installation was; empty when there is none, or one was cut off."""
    try:
        return read_json(_stamp(places))
    except LaunchError:
        return {}


def _stamp(places: Places) -> Path:
    return places.venv / "apex-stamp.json"


def _begun(places: Places) -> Path:
    """Exists while an installation is under way, so also after one that was cut off."""
    return places.venv / "apex-installing"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _runs(python: Path) -> bool:
    return os.access(python, os.X_OK)


def _what_to_install(places: Places, wanted: str) -> str:
    is_dev = (places.venv / "bin" / "pytest").exists()
    return DEV if is_dev else wanted


@contextmanager
def _only_one(places: Places) -> Iterator[None]:
    places.local.mkdir(parents=True, exist_ok=True)
    with (places.local / "venv.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(places: Places, file: str, terminal: Terminal) -> None:
    require_space(places.root, _ROOM_BYTES if not places.python.exists() else 200_000_000)
    _prepare_venv(places, terminal)
    _stamp(places).unlink(missing_ok=True)
    _begun(places).touch()
    terminal.say(f"installing {file} into .venv")
    uv(places, ["pip", "sync", "-q", "--python", str(places.python), "--require-hashes", file])
    write_json(_stamp(places), _stamp_of(places, file))
    _begun(places).unlink()


def _stamp_of(places: Places, file: str) -> dict[str, str]:
    files = (RUNTIME, DEV) if file == DEV else (RUNTIME,)
    digests = {name: _digest(places.root / name) for name in files}
    return digests | {"root": str(places.root)}


def _prepare_venv(places: Places, terminal: Terminal) -> None:
    """A venv that runs, at this place, with uv; remains of a cut-off installation are removed."""
    moved = read_stamp(places).get("root", str(places.root)) != str(places.root)
    if _begun(places).exists() or moved or not _works(places.python):
        terminal.say("making .venv")
        _remove(places.venv)
        run([sys.executable, "-m", "venv", "--without-pip", str(places.venv)], places)
    if not _works(uv_program(places), "--version"):
        install_uv(places)


def _remove(venv: Path) -> None:
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        shutil.rmtree(venv)


def _works(program: Path, *arguments: str) -> bool:
    """True when `program` runs; without arguments it must be a Python of our version."""
    test = "import sys; sys.exit(sys.version_info[:2] != (3, 11) or sys.prefix == sys.base_prefix)"
    command = [str(program), *(arguments or ("-c", test))]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def lock(places: Places, arguments: Sequence[str]) -> int:
    """Pin both requirements files again; existing pins stay unless --upgrade is given."""
    without = ("--excludes", "requirements-excludes.txt")
    locks = (("requirements.in", RUNTIME, without), ("requirements-dev.in", DEV, ()))
    for source, pinned, more in locks:
        command = ["pip", "compile", "-q", "--no-header", "--generate-hashes", source, "-o", pinned]
        uv(places, [*command, *more, "--python-version", "3.11", *arguments])
    return 0
