"""The event store: the one interface to the event table, written in batches and queried.

Everything here runs inside `tenant_scope`. Nothing outside `apps.usage` knows of the table.
"""

from apps.usage.store.batches import NEW_EVENTS, new_event_ids, write_batch
from apps.usage.store.months import (
    Month,
    drop_months_before,
    ensure_months,
    month_of,
    next_month,
)
from apps.usage.store.reading import EventFilter, Spending, count_events, find_events, sum_spending
from apps.usage.store.rows import COLUMNS, Row, read_row

__all__ = [
    "COLUMNS",
    "NEW_EVENTS",
    "EventFilter",
    "Month",
    "Row",
    "Spending",
    "count_events",
    "drop_months_before",
    "ensure_months",
    "find_events",
    "month_of",
    "new_event_ids",
    "next_month",
    "read_row",
    "sum_spending",
    "write_batch",
]
