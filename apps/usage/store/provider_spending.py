"""What was spent at providers in months of UTC, of the rollups by day; unpriced calls of events."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.kernel.tokens import BUCKETS
from apps.usage.store.months import month_of, next_month
from apps.usage.store.rollups import DAY

_SPENT = f"""
    SELECT provider, date_trunc('month', bucket_at AT TIME ZONE 'UTC')::date, sum(actual_usd)
    FROM usage_rollup JOIN usage_series ON usage_series.id = series_id
    WHERE grain = {DAY} AND lever = '' AND bucket_at >= %s AND bucket_at < %s
        AND kind <> 'import' AND provider = ANY(%s)
    GROUP BY 1, 2
"""  # noqa: S608  (constants, as below)
_BY_MODEL = f"""
    SELECT coalesce(nullif(served_model, ''), requested_model) AS model, sum(calls)::bigint,
        sum(unpriced_calls)::bigint, sum(estimated_calls)::bigint, sum(actual_usd)
    FROM usage_rollup JOIN usage_series ON usage_series.id = series_id
    WHERE grain = {DAY} AND lever = '' AND bucket_at >= %s AND bucket_at < %s
        AND kind <> 'import' AND provider = %s
    GROUP BY 1 ORDER BY 5 DESC, 1
"""  # noqa: S608
_UNPRICED = f"""
    SELECT coalesce(served_model, requested_model, '') AS model, count(*),
        sum({" + ".join(BUCKETS)})::bigint
    FROM usage_event
    WHERE actual_usd IS NULL AND outcome <> 'refused' AND kind <> 'import'
        AND NOT EXISTS (
            SELECT FROM usage_adjustment AS change
            WHERE change.started_at = usage_event.started_at
                AND change.event_id = usage_event.event_id)
        AND started_at >= %s AND started_at < %s AND provider = %s
    GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ModelSpend:
    """One model of one provider in one month. estimated_calls: their tokens are our estimate."""

    model: str
    calls: int
    unpriced_calls: int
    estimated_calls: int
    actual_usd: Decimal


@dataclass(frozen=True, slots=True)
class UnpricedModel:
    """Calls whose cost is not known, and all their tokens."""

    model: str
    calls: int
    tokens: int


def spend_by_model(provider: str, month: date) -> list[ModelSpend]:
    """What each model of the provider cost in the month, the dearest first."""
    return [ModelSpend(*row) for row in _rows(_BY_MODEL, [*_bounds(month, month), provider])]


def unpriced_by_model(provider: str, month: date) -> list[UnpricedModel]:
    """The provider's unpriced calls of the month by model; refused calls cost nothing."""
    return [UnpricedModel(*row) for row in _rows(_UNPRICED, [*_bounds(month, month), provider])]


def spend_by_month(
    providers: Collection[str], first: date, last: date
) -> Mapping[tuple[str, date], Decimal]:
    """What each provider cost in each month from `first` to `last`, both included."""
    rows = _rows(_SPENT, [*_bounds(first, last), sorted(providers)])
    return {(provider, month): spent for provider, month, spent in rows}


def _bounds(first: date, last: date) -> list[datetime]:
    start, end = (datetime(each.year, each.month, 1, tzinfo=UTC) for each in (first, last))
    return [start, next_month(month_of(end)).start]


def _rows(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
