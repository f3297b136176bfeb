"""A database of its own for a benchmark, so that the one in use stays as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from apps.tenants.services.migration import migrate_everything

NAME = "bench"


@contextmanager
def throwaway_database() -> Iterator[None]:
    """Django uses a fresh, migrated database for the block; it is dropped afterwards."""
    before = str(settings.DATABASES["default"]["NAME"])
    with _server(before) as server:
        _drop(server)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        _use(NAME)
        try:
            migrate_everything(report=print)
            yield
        finally:
            _use(before)
            _drop(server)


def _server(name: str) -> psycopg.Connection[tuple[Any, ...]]:
    database: dict[str, Any] = settings.DATABASES["default"]
    return psycopg.connect(
        dbname=name,
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        autocommit=True,
    )


def _drop(server: psycopg.Connection[tuple[Any, ...]]) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME))
    server.execute(drop)


def _use(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # only Postgres has pools
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
