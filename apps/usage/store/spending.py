"""What was spent since an instant, from the sums by day."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.usage.store.rollups import DAY

_SPENT = """
    SELECT coalesce(sum(rollup.actual_usd), 0)
    FROM usage_rollup AS rollup JOIN usage_series AS series ON series.id = rollup.series_id
    WHERE rollup.grain = %s AND rollup.bucket_at >= %s AND series.lever = ''
        AND series.kind <> 'import'
        AND (series.project_id = ANY(%s) OR series.api_key_id = ANY(%s) OR %s)
"""


def spent_usd(
    *, since: datetime, projects: Sequence[UUID] = (), keys: Sequence[UUID] = ()
) -> Decimal:
    """What calls of the current organization cost since the beginning of a day (UTC).

    projects, keys: of calls of these only; neither is the whole organization.
    """
    is_whole = not projects and not keys
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, [DAY, since, list(projects), list(keys), is_whole])
        return Decimal(cursor.fetchone()[0])
