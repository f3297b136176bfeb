"""What tests of the loader share: one that starts, and a Postgres that can be taken away."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from apps.pricing.rates import PriceBook
from apps.proxy.loader import Loader, Pace
from apps.proxy.snapshot_file import SnapshotFile

BOOK = PriceBook.from_catalogue({"providers": {}})
PATIENCE_SECONDS = 20.0
Start = Callable[..., Loader]


def snapshot_file(folder: Path) -> SnapshotFile:
    """The file as the processes of the test's installation seal it."""
    return SnapshotFile(folder, settings.KEY_ENCRYPTION_KEYS.keys)


def make_loader(folder: Path, poll: float = 0.2) -> Loader:
    """One that has not started; `poll` is in seconds."""
    pace = Pace(poll=poll, write=0.1, backoff=0.2)
    return Loader(
        snapshot_file(folder), prices=BOOK, read_prices=lambda known, _at: known, pace=pace
    )


def eventually(holds: Callable[[], object]) -> None:
    """Wait until `holds()`; fails when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


def knows(loader: Loader, digest: str) -> bool:
    """Whether the key with this digest in hex is known."""
    return loader.current.key(bytes.fromhex(digest)) is not None


def learns(loader: Loader, digest: str) -> None:
    """Wait until the key with this digest is known."""
    eventually(lambda: knows(loader, digest))


class Postgres:
    """The test's database as its administrator sees it, from another one."""

    def __init__(self) -> None:
        elsewhere = os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres"
        self._admin = psycopg.connect(elsewhere, autocommit=True)
        self._name = str(settings.DATABASES["default"]["NAME"])

    def take_away(self) -> None:
        """From here on it is as if Postgres had stopped."""
        connection.close()
        self._allow(False)
        self.throw_out()

    def bring_back(self) -> None:
        self._allow(True)
        connection.close()

    def throw_out(self, application: str = "%") -> None:
        """End the connections of the applications that are called so."""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name LIKE %s",
            [self._name, application],
        )

    def close(self) -> None:
        self.bring_back()
        connection.close_pool()  # type: ignore[attr-defined]  # it tries ever more seldom
        self._admin.close()

    def _allow(self, is_open: bool) -> None:
        command = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        self._admin.execute(command.format(sql.Identifier(self._name), sql.Literal(is_open)))
