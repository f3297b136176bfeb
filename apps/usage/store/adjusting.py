"""Later prices of calls: written beside their events, and added to the sums that hold them.

What a change is of stands in the sums already, so that rows are only added to, never made. They are
locked in the order of their keys, as by those who store events.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.tenants.context import current_tenant
from apps.usage.store.facets import END_USER, FACET_GRAINS, LONGEST_TAG, LONGEST_VALUE, TAG
from apps.usage.store.measures import CHANGED, CHANGED_EVENTS, column_type
from apps.usage.store.rollups import DIMENSIONS, EPOCH, GRAINS
from apps.usage.store.totals import Total

_CHANGES, _SUMS = "usage_new_change", "usage_new_change_sum"
_COLUMNS = (
    "event_id", "started_at", "price_version", "journal_id", "unpriced_calls", "actual_usd",
    "counterfactual_usd", "saved_usd",
)  # fmt: skip
_CHANGED = CHANGED_EVENTS.format(changes=_CHANGES)
_PREPARE = f"""
    CREATE TEMP TABLE IF NOT EXISTS {_CHANGES} (LIKE usage_adjustment) ON COMMIT DELETE ROWS;
    DELETE FROM {_CHANGES}
"""  # noqa: S608  (constants, as below)
_COPY = f"COPY {_CHANGES} ({', '.join(_COLUMNS)}) FROM STDIN"
_KEEP = f"INSERT INTO usage_adjustment SELECT * FROM {_CHANGES}"  # noqa: S608
_FACET_KEY = ("grain", "facet", "name", "bucket_at", "project_id", "kind", "value")
_SUMMED = ", ".join(
    f"sum(changed_{name})::{column_type(name)} AS changed_{name}" for name in CHANGED
)
_NAMES = ", ".join(DIMENSIONS)
_LINES = f"""
    SELECT started_at, {", ".join(f"{value} AS {name}" for name, value in DIMENSIONS.items())},
        {", ".join(f"changed_{name}" for name in CHANGED)}
    FROM ({_CHANGED}) AS changed CROSS JOIN LATERAL (
        SELECT '' AS lever UNION ALL SELECT key FROM jsonb_each_text(decomposition)
    ) AS part
"""  # noqa: S608
_OF_ROLLUPS = f"""
    SELECT minutes AS grain, date_bin(make_interval(mins => minutes), started_at, {EPOCH})
            AS bucket_at, id AS series_id, {_SUMMED}
    FROM ({_LINES}) AS line JOIN usage_series USING ({_NAMES})
    CROSS JOIN unnest(ARRAY{list(GRAINS)}) AS minutes GROUP BY 1, 2, 3
"""  # noqa: S608
_OF_FACETS = f"""
    SELECT minutes AS grain, facet, name,
        date_bin(make_interval(mins => minutes), started_at, {EPOCH}) AS bucket_at, project_id,
        kind, value, {_SUMMED}
    FROM ({_CHANGED}) AS changed CROSS JOIN LATERAL (
        SELECT '{END_USER}' AS facet, '' AS name, left(end_user, {LONGEST_VALUE}) AS value
        WHERE end_user IS NOT NULL
        UNION ALL
        SELECT '{TAG}', left(key, {LONGEST_TAG}), left(coalesce(value, ''), {LONGEST_VALUE})
        FROM jsonb_each_text(tags)
    ) AS part CROSS JOIN unnest(ARRAY{list(FACET_GRAINS)}) AS minutes
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608
_TOTALS = f"""
    SELECT project_id, kind, (started_at AT TIME ZONE 'UTC')::date, min(started_at),
        max(started_at), 0, sum(changed_unpriced_calls)::bigint, 0, sum(changed_actual_usd),
        sum(changed_saved_usd)
    FROM ({_CHANGED}) AS changed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608


class Change(NamedTuple):
    """What a later price of a call changes; saved_usd is counterfactual - actual.

    unpriced_calls: -1 for a call that had no price before, else 0.
    """

    event_id: UUID
    started_at: datetime
    price_version: int
    journal_id: UUID
    unpriced_calls: int
    actual_usd: Decimal
    counterfactual_usd: Decimal
    saved_usd: Decimal


def await_other_adjusting() -> None:
    """Let nobody else adjust the current organization until this transaction ends."""
    name = f"usage_adjustment:{current_tenant().pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def write_changes(changes: Sequence[Change]) -> list[Total]:
    """Keep changes of events and add them to rollups and facets; returns them summed by day.

    To be run in a transaction that called `await_other_adjusting` before it looked at prices.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE)
        with cursor.copy(_COPY) as copy:
            for change in changes:
                copy.write_row(change)
        cursor.execute(_KEEP)
    _add("usage_rollup", ("grain", "bucket_at", "series_id"), _OF_ROLLUPS)
    _add("usage_facet", _FACET_KEY, _OF_FACETS)
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        return [Total(*row) for row in cursor.fetchall()]


def drop_adjustments_before(at: datetime) -> None:
    """Forget changes of events that started before `at`, which are dropped themselves."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM usage_adjustment WHERE started_at < %s", [at])


def _add(table: str, key: Sequence[str], sums: str) -> None:
    named = ", ".join(key)
    added = ", ".join(f"{name} = known.{name} + changed_{name}" for name in CHANGED)
    same = " AND ".join(f"known.{name} = {_SUMS}.{name}" for name in key)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE {_SUMS} ON COMMIT DROP AS {sums}")
        cursor.execute(
            f"SELECT FROM {table} AS known JOIN {_SUMS} USING ({named})"
            f" ORDER BY {named} FOR UPDATE OF known"
        )
        cursor.execute(f"UPDATE {table} AS known SET {added} FROM {_SUMS} WHERE {same}")  # noqa: S608
        cursor.execute(f"DROP TABLE {_SUMS}")
