"""Gives each test process a Valkey database of its own, before any settings are read.

Loaded with `-p tests.workers` by ./apex test.
"""

import os
from collections.abc import MutableMapping
from urllib.parse import urlsplit, urlunsplit


def worker_number(worker: str) -> int:
    """0 for a run in one process, n + 1 for worker gw`n`."""
    return int(worker.removeprefix("gw")) + 1 if worker.startswith("gw") else 0


def separate(environ: MutableMapping[str, str]) -> None:
    """Point REDIS_URL and CACHE_URL of this worker to a database of its own."""
    number = worker_number(environ.get("PYTEST_XDIST_WORKER", ""))
    for variable in ("REDIS_URL", "CACHE_URL"):
        if variable in environ:
            parts = urlsplit(environ[variable])
            environ[variable] = urlunsplit(parts._replace(path=f"/{number}"))


separate(os.environ)
