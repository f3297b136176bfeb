"""The same figures from the events themselves and from the rollups, to be held side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from apps.kernel.tokens import BUCKETS
from apps.usage.store.measures import SAVED, TOKENS

# (project, or None for all of them; unit) → amount
Figures = dict[tuple[UUID | None, str], Decimal]
UNITS = ("calls", "tokens", "usd", "saved_usd")
# A repricing is a difference beside events that stay as they were.
_EVENTS = f"""
    SELECT project_id, sum(calls), sum(tokens), sum(usd), sum(saved) FROM (
        SELECT project_id, count(*) AS calls, sum({" + ".join(BUCKETS)}) AS tokens,
            coalesce(sum(actual_usd), 0) AS usd, coalesce(sum({SAVED}), 0) AS saved
        FROM usage_event WHERE started_at >= %(since)s AND started_at < %(until)s
            AND kind <> 'import' GROUP BY 1
        UNION ALL
        SELECT project_id, 0, 0, sum(change.actual_usd), sum(change.saved_usd)
        FROM usage_adjustment AS change JOIN usage_event AS event USING (event_id, started_at)
        WHERE started_at >= %(since)s AND started_at < %(until)s
            AND event.kind <> 'import' GROUP BY 1
    ) AS part GROUP BY 1
"""  # noqa: S608  (constants, as below)
_ROLLUPS = f"""
    SELECT project_id, sum(calls), sum({" + ".join(TOKENS)}), sum(actual_usd), sum(saved_usd)
    FROM usage_rollup JOIN usage_series ON id = series_id
    WHERE lever = '' AND grain = %(grain)s AND bucket_at >= %(since)s AND bucket_at < %(until)s
    GROUP BY 1
"""  # noqa: S608


@contextmanager
def one_snapshot() -> Iterator[None]:
    """All queries of the block see the same moment, whatever is stored meanwhile.

    Inside a transaction that has begun already, they see what that one sees.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def event_figures(since: datetime, until: datetime) -> Figures:
    """(project, unit) → sum over the events that started in [since, until), as priced now.

    Without imported ones, which neither ledger nor rollups have.
    """
    return _figures(_EVENTS, {"since": since, "until": until})


def rollup_figures(grain: int, since: datetime, until: datetime) -> Figures:
    """(project, unit) → sum over the rollups of one grain, whose bounds the period must keep."""
    return _figures(_ROLLUPS, {"grain": grain, "since": since, "until": until})


def _figures(query: str, values: dict[str, datetime | int]) -> Figures:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return {
            (project, unit): amount
            for project, *amounts in cursor.fetchall()
            for unit, amount in zip(UNITS, amounts, strict=True)
            if amount
        }
