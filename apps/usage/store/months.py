"""The partitions of the event table: one for each month (UTC) that has events.

A month is attached to the table after it was made, because that lets readers and writers of the
other months go on.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection

from apps.tenants.context import current_tenant

TABLE = "usage_event"
MISSING = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL"
MONTHS = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = %s::regclass ORDER BY c.relname
"""
# Whoever reads a month that is to be dropped is waited for so long; the next run tries again.
PATIENCE = "SET LOCAL lock_timeout = '5s'"


class Month(NamedTuple):
    """A calendar month in UTC; they sort by time."""

    year: int
    number: int

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def table(self) -> str:
        return f"{TABLE}_{self.year:04d}_{self.number:02d}"


def month_of(at: datetime) -> Month:
    """The month in which `at`, aware, falls in UTC."""
    utc = at.astimezone(UTC)
    return Month(utc.year, utc.month)


def next_month(month: Month) -> Month:
    return Month(month.year + month.number // 12, month.number % 12 + 1)


def ensure_months(months: Iterable[Month]) -> list[Month]:
    """Make the partitions that are missing; returns those months. To be run in a transaction."""
    missing = _missing(sorted(set(months)))
    if not missing:
        return []
    with connection.cursor() as cursor:  # two processes may both find it missing
        name = f"usage_event:{current_tenant().pk}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    still_missing = _missing(missing)
    for month in still_missing:
        _make(month)
    return still_missing


def drop_months_before(at: datetime) -> list[Month]:
    """Drop the months that ended by `at`, with their events. To be run in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [TABLE])
        months = [_month_named(name) for (name,) in cursor.fetchall()]
        past = [month for month in months if next_month(month).start <= at]
        cursor.execute(PATIENCE)
        for month in past:
            cursor.execute(f"DROP TABLE {month.table}")
    return past


def _missing(months: Sequence[Month]) -> list[Month]:
    with connection.cursor() as cursor:
        cursor.execute(MISSING, [[month.table for month in months]])
        names = {name for (name,) in cursor.fetchall()}
    return [month for month in months if month.table in names]


def _make(month: Month) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {month.table} (LIKE {TABLE} INCLUDING STORAGE)")
        cursor.execute(
            f"ALTER TABLE {TABLE} ATTACH PARTITION {month.table} FOR VALUES FROM (%s) TO (%s)",
            [month.start, next_month(month).start],
        )


def _month_named(table: str) -> Month:
    year, number = table.removeprefix(f"{TABLE}_").split("_")
    return Month(int(year), int(number))
