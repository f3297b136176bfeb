"""What the new events sum to, for the books."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.kernel.tokens import BUCKETS
from apps.usage.store.batches import NEW_EVENTS
from apps.usage.store.measures import COUNTS

_TOTALS = f"""
    SELECT project_id, kind, (started_at AT TIME ZONE 'UTC')::date, min(started_at),
        max(started_at), count(*), sum({COUNTS["unpriced_calls"]}),
        sum({" + ".join(BUCKETS)})::bigint,
        coalesce(sum(actual_usd), 0), coalesce(sum(counterfactual_usd - actual_usd), 0)
    FROM {NEW_EVENTS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class Total:
    """The new events of one project, kind and day (UTC); they started in [first_at, last_at]."""

    project_id: UUID
    kind: str
    date: date
    first_at: datetime
    last_at: datetime
    calls: int
    unpriced_calls: int
    tokens: int
    spend_usd: Decimal
    saved_usd: Decimal


def new_totals() -> list[Total]:
    """Sums of the events in NEW_EVENTS. To be run in the transaction that found them."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS)
        return [Total(*row) for row in cursor.fetchall()]
