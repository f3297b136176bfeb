"""Gives each test process a Valkey database of its own before settings are read, and its tests.

Loaded with `-p tests.workers` by ./apex test.
"""

import os
from collections.abc import MutableMapping
from urllib.parse import urlsplit, urlunsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

# There is one running site for all of a folder's tests.
TOGETHER = ("tests/browser/",)


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


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Each test goes to whoever is free, those of a folder of TOGETHER to one process.

    In place of xdist's groups, which write to what pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """See Scheduling."""
    return Scheduling(config, log)


separate(os.environ)
