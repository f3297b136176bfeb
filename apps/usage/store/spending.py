"""What was carried and spent since an instant, from the sums by day."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.kernel.tokens import BUCKETS
from apps.usage.store.rollups import DAY, MINUTE

# What passed through the gateway for the customer; shadows and judges are our own doing.
CARRIED = ("live", "batch")
_CARRIED = """
    SELECT coalesce(sum(rollup.calls), 0)::bigint, coalesce(sum(rollup.actual_usd), 0)
    FROM usage_rollup AS rollup JOIN usage_series AS series ON series.id = rollup.series_id
    WHERE rollup.grain = %s AND rollup.bucket_at >= %s AND series.lever = ''
        AND series.kind = ANY(%s)
        AND (series.project_id = ANY(%s) OR series.api_key_id = ANY(%s) OR %s)
"""
_BY_KEY = f"""
    SELECT project_id, api_key_id, sum(calls)::bigint,
        sum({" + ".join(f"{bucket}_tokens" for bucket in BUCKETS)})::bigint, sum(actual_usd)
    FROM usage_rollup JOIN usage_series ON usage_series.id = series_id
    WHERE grain = %s AND bucket_at >= %s AND bucket_at < %s AND lever = '' AND kind = ANY(%s)
    GROUP BY 1, 2
"""  # noqa: S608  (constants)
_HAS_CARRIED = "SELECT EXISTS (SELECT FROM usage_series WHERE kind = ANY(%s))"


class Carried(NamedTuple):
    """What passed of one key; the nil UUID for calls without one."""

    project_id: UUID
    api_key_id: UUID
    calls: int
    tokens: int
    usd: Decimal


def carried_in_days(since: datetime, until: datetime) -> list[Carried]:
    """What passed from the beginning of a day (UTC) on, by key."""
    return _by_key(DAY, since, until)


def carried_in_minutes(since: datetime, until: datetime) -> list[Carried]:
    """What passed in whole minutes of late, by key."""
    return _by_key(MINUTE, since, until)


def _by_key(grain: int, since: datetime, until: datetime) -> list[Carried]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEY, [grain, since, until, list(CARRIED)])
        return [Carried(*row) for row in cursor.fetchall()]


def has_carried() -> bool:
    """Whether any call ever passed for the current organization."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_CARRIED, [list(CARRIED)])
        return bool(cursor.fetchone()[0])


def request_count(*, since: datetime) -> int:
    """Calls that passed for the current organization since the beginning of a day (UTC)."""
    return _carried(since, (), ())[0]


def spent_usd(
    *, since: datetime, projects: Sequence[UUID] = (), keys: Sequence[UUID] = ()
) -> Decimal:
    """What calls that passed for the current organization cost since the beginning of a day (UTC).

    projects, keys: of calls of these only; neither is the whole organization.
    """
    return _carried(since, projects, keys)[1]


def _carried(
    since: datetime, projects: Sequence[UUID], keys: Sequence[UUID]
) -> tuple[int, Decimal]:
    is_whole = not projects and not keys
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, [DAY, since, list(CARRIED), list(projects), list(keys), is_whole])
        calls, usd = cursor.fetchone()
        return calls, Decimal(usd)
