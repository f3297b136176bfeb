"""What the web process needs, each asked with a short timeout."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import psycopg
import redis
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

TIMEOUT_SECONDS = 2
State = Literal["ok", "degraded", "error"]


class NotCurrent(Exception):
    """Migrations on disk are not applied; the message names the first."""


@dataclass(frozen=True, slots=True)
class Report:
    """How one dependency answered."""

    is_ok: bool
    latency_ms: float
    error: str | None

    def as_json(self) -> dict[str, Any]:
        body = {"status": "ok" if self.is_ok else "error", "latency_ms": self.latency_ms}
        return body if self.error is None else {**body, "error": self.error}


def check_postgres() -> None:
    with connected_postgres() as connection:
        connection.execute("SELECT 1")


def check_redis() -> None:
    _ping(settings.REDIS_URL)


def check_cache() -> None:
    _ping(settings.CACHE_URL)


def check_migrations() -> None:
    """Raises NotCurrent when public lacks a migration that this build has."""
    with connected_postgres() as connection:
        rows = connection.execute("SELECT app, name FROM public.django_migrations").fetchall()
    missing = sorted(migrations_on_disk() - set(rows))
    if missing:
        app, name = missing[0]
        raise NotCurrent(
            f"{len(missing)} not applied, first {app}.{name}: run ./apex manage migrate_all"
        )


# The cache only makes things faster; without it we are slow, not down.
REQUIRED: dict[str, Callable[[], None]] = {
    "postgres": check_postgres,
    "migrations": check_migrations,
    "redis": check_redis,
}
OPTIONAL: dict[str, Callable[[], None]] = {"cache": check_cache}


def readiness() -> tuple[State, dict[str, Report]]:
    """Every dependency by name, and the worst that follows from them."""
    reports = {name: _timed(check) for name, check in (REQUIRED | OPTIONAL).items()}
    failed = {name for name, report in reports.items() if not report.is_ok}
    state: State = "error" if failed & set(REQUIRED) else "degraded" if failed else "ok"
    return state, reports


def _timed(check: Callable[[], None]) -> Report:
    started = time.perf_counter()
    error = None
    try:
        check()
    except NotCurrent as found:
        error = str(found)
    except (psycopg.Error, redis.RedisError, OSError) as found:
        # The text of a driver's error may name hosts and users; its class is enough for a probe.
        error = type(found).__name__
    return Report(error is None, round((time.perf_counter() - started) * 1000, 1), error)


def connected_postgres() -> psycopg.Connection:
    """A connection of its own with short timeouts: the pool would wait longer than a probe may."""
    database: Any = settings.DATABASES["default"]
    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        dbname=database["NAME"],
        connect_timeout=TIMEOUT_SECONDS,
        options=f"-c statement_timeout={TIMEOUT_SECONDS * 1000}",
        autocommit=True,
    )


def _ping(url: str) -> None:
    with redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
    ) as client:
        client.ping()


@cache
def migrations_on_disk() -> frozenset[tuple[str, str]]:
    """App and name of each migration of this build, those of tenants' schemas aside."""
    tenant_only = {name.rpartition(".")[2] for name in settings.TENANT_APPS}
    names = MigrationLoader(None).disk_migrations
    return frozenset(key for key in names if key[0] not in tenant_only)
