"""The event store: the one interface to the event table, written in batches and queried.

Everything here runs inside `tenant_scope`. Nothing outside `apps.usage` knows of the table.
"""

from apps.usage.store.adjusting import (
    Change,
    await_other_adjusting,
    drop_adjustments_before,
    write_changes,
)
from apps.usage.store.batches import write_batch
from apps.usage.store.comparing import UNITS, Figures, event_figures, one_snapshot, rollup_figures
from apps.usage.store.counting import Counted
from apps.usage.store.decisions import ScoredCalls, decisions_of, scored_calls
from apps.usage.store.facets import add_to_facets
from apps.usage.store.known import served_models, tag_names
from apps.usage.store.months import (
    Month,
    drop_months_before,
    ensure_months,
    month_of,
    next_month,
)
from apps.usage.store.provider_spending import (
    ModelSpend,
    UnpricedModel,
    spend_by_model,
    spend_by_month,
    unpriced_by_model,
)
from apps.usage.store.reading import (
    EventFilter,
    SearchTooWide,
    bounded,
    events_after,
    find_events,
)
from apps.usage.store.rollups import GRAINS, add_to_rollups, drop_minutes_before
from apps.usage.store.rows import COLUMNS, Row, read_row
from apps.usage.store.spending import (
    Carried,
    carried_in_days,
    carried_in_minutes,
    has_carried,
    request_count,
    spent_usd,
)
from apps.usage.store.totals import Total, totals_of
from apps.usage.store.units import (
    comparison_events,
    comparison_times,
    unit_ends,
    unit_events,
)

__all__ = [
    "COLUMNS",
    "GRAINS",
    "UNITS",
    "Carried",
    "Change",
    "Counted",
    "EventFilter",
    "Figures",
    "ModelSpend",
    "Month",
    "Row",
    "ScoredCalls",
    "SearchTooWide",
    "Total",
    "UnpricedModel",
    "add_to_facets",
    "add_to_rollups",
    "await_other_adjusting",
    "bounded",
    "carried_in_days",
    "carried_in_minutes",
    "comparison_events",
    "comparison_times",
    "decisions_of",
    "drop_adjustments_before",
    "drop_minutes_before",
    "drop_months_before",
    "ensure_months",
    "event_figures",
    "events_after",
    "find_events",
    "has_carried",
    "month_of",
    "next_month",
    "one_snapshot",
    "read_row",
    "request_count",
    "rollup_figures",
    "scored_calls",
    "served_models",
    "spend_by_model",
    "spend_by_month",
    "spent_usd",
    "tag_names",
    "totals_of",
    "unit_ends",
    "unit_events",
    "unpriced_by_model",
    "write_batch",
    "write_changes",
]
