"""Writing: COPY of what is new."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import connection

from apps.usage.store.months import TABLE, ensure_months, month_of
from apps.usage.store.rows import COLUMNS, Row

_key = attrgetter("key")
_COPY = f"COPY {TABLE} ({', '.join(('recorded_at', 'batch_id', *COLUMNS))}) FROM STDIN"
_KNOWN = f"""
    SELECT event_id::text, started_at FROM {TABLE}
    WHERE event_id = ANY(%s::uuid[]) AND started_at BETWEEN %s AND %s
"""  # noqa: S608  (constants)


def write_batch(
    rows: Sequence[Row], *, batch_id: UUID, at: datetime, all_new: bool = False
) -> list[Row]:
    """Store events; returns those that were not stored before, each once, by their keys.

    To be run in a transaction, in which whatever must follow from each event exactly once follows
    from the rows that it returns. all_new: do not look for known ones, nor make room for new
    months. Raises DataError when Postgres does not take a value, and IntegrityError when `all_new`
    was not true, or another writer stores the same events in this moment.
    """
    # In one order, so that two writers of the same events only wait for each other.
    new = sorted({row.key: row for row in rows}.values(), key=_key)
    if new and not all_new:
        ensure_months({month_of(row.started_at) for row in new})
        known = _known(new)
        new = [row for row in new if row.key not in known]
    _copy(new, batch_id=batch_id, at=at)
    return new


def _known(rows: Sequence[Row]) -> set[tuple[str, datetime]]:
    times = [row.started_at for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [[row.key[0] for row in rows], min(times), max(times)])
        return set(cursor.fetchall())


def _copy(rows: Sequence[Row], *, batch_id: UUID, at: datetime) -> None:
    recorded_at, batch = at.isoformat(), str(batch_id)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_COPY) as copy,
    ):
        for row in rows:
            copy.write_row([recorded_at, batch, *row.values])
