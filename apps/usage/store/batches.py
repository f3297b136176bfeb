"""Writing: COPY into a temporary table, then one INSERT that leaves out what is there already."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import connection

from apps.usage.store.months import TABLE, ensure_months, month_of
from apps.usage.store.rows import COLUMNS, Row

# Holds, until the transaction ends, exactly the events that `write_batch` found to be new.
NEW_EVENTS = "usage_new_event"
_key = attrgetter("key")
_NAMES = ", ".join(("recorded_at", "batch_id", *COLUMNS))
_PREPARE = f"""
    CREATE TEMP TABLE IF NOT EXISTS {NEW_EVENTS} (LIKE {TABLE}) ON COMMIT DELETE ROWS;
    DELETE FROM {NEW_EVENTS}
"""  # noqa: S608  (constants; the second statement is for a batch before in the same transaction)
_COPY = f"COPY {NEW_EVENTS} ({_NAMES}) FROM STDIN"
_INSERT = f"""
    WITH added AS (
        INSERT INTO {TABLE} ({_NAMES}) SELECT {_NAMES} FROM {NEW_EVENTS}
        ON CONFLICT DO NOTHING RETURNING event_id, started_at
    )
    DELETE FROM {NEW_EVENTS} AS given WHERE NOT EXISTS (
        SELECT FROM added
        WHERE added.event_id = given.event_id AND added.started_at = given.started_at)
"""  # noqa: S608  (constants)


def new_event_ids(among: Sequence[str]) -> set[str]:
    """Which of these events, by their ids as text, the last `write_batch` found to be new."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT event_id::text FROM {NEW_EVENTS} WHERE event_id = ANY(%s::uuid[])",  # noqa: S608  (a constant)
            [list(among)],
        )
        return {event_id for (event_id,) in cursor.fetchall()}


def write_batch(rows: Sequence[Row], *, batch_id: UUID, at: datetime) -> int:
    """Store events; returns how many were not stored before. To be run in a transaction.

    Those are in the temporary table NEW_EVENTS, with the columns of the event table, until the
    transaction ends: whatever must follow from each event exactly once reads them there, in the
    same transaction. Raises DataError when Postgres does not take a value.
    """
    # In one order, so that two writers of the same events only wait for each other.
    distinct = sorted({row.key: row for row in rows}.values(), key=_key)
    ensure_months({month_of(row.started_at) for row in distinct})
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(_PREPARE)
        recorded_at, batch = at.isoformat(), str(batch_id)
        with cursor.copy(_COPY) as copy:
            for row in distinct:
                copy.write_row([recorded_at, batch, *row.values])
        cursor.execute(_INSERT)
        return len(distinct) - int(cursor.rowcount)
