"""What was carried and spent since an instant, from the sums by day."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.usage.store.rollups import DAY

# What passed through the gateway for the customer; shadows and judges are our own doing.
CARRIED = ("live", "batch")
_CARRIED = """
    SELECT coalesce(sum(rollup.calls), 0)::bigint, coalesce(sum(rollup.actual_usd), 0)
    FROM usage_rollup AS rollup JOIN usage_series AS series ON series.id = rollup.series_id
    WHERE rollup.grain = %s AND rollup.bucket_at >= %s AND series.lever = ''
        AND series.kind = ANY(%s)
        AND (series.project_id = ANY(%s) OR series.api_key_id = ANY(%s) OR %s)
"""


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
