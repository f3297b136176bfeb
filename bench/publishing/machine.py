"""What a run was made on: the machine, the versions and the commit."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import psycopg
import redis

from netra.launch.places import CHECKOUT

_LIBRARIES = ("Django", "psycopg", "uvicorn", "uvloop", "aiohttp", "orjson", "numpy", "celery")
_CPU, _MEMORY = Path("/proc/cpuinfo"), Path("/proc/meminfo")
_KIB = 1024


def circumstances() -> dict[str, Any]:
    """{"date", "commit", "machine": {"cpu", "cores", "memory_gb", "load"}, "versions"}."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "machine": {
            "cpu": _field(_CPU, "model name"),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(int(_field(_MEMORY, "MemTotal").split()[0]) * _KIB / 1e9),
            "load": round(os.getloadavg()[1], 1),
        },
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"Python": python_version(), **_servers(), **libraries}


def _servers() -> dict[str, str]:
    """Of the databases that the benchmark ran on, as far as they still answer."""
    found: dict[str, str] = {}
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2) as connection:
            number = connection.info.server_version
            found["Postgres"] = f"{number // 10_000}.{number % 10_000}"
        with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=2) as client:
            told = client.info("server")
            found["Valkey"] = str(told.get("valkey_version", told.get("redis_version")))
    except (psycopg.Error, redis.RedisError):
        return found
    return found


def _commit() -> str:
    """Its short name, with a + where the checkout holds more."""
    git = shutil.which("git")
    if git is None:
        return ""
    name, changes = (
        subprocess.run(
            [git, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
        ).stdout.strip()
        for arguments in (
            ("rev-parse", "--short", "HEAD"),
            ("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"),
        )
    )
    return f"{name}+" if changes else name


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
