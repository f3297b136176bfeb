"""An organization at a glance: what it spent and saved of late, what warns, what came in last."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.attribution.selectors import value
from apps.attribution.valuing import USUAL_DAYS, ValueQuery
from apps.notices.selectors import budget_alerts
from apps.portal.request_rows import rows_of
from apps.portal.valuing import Addresses, bucket_table, pictures_of, stats_of, window_words
from apps.tenants.models import Organization
from apps.tenants.selectors import limits
from apps.usage.selectors import EventFilter, events
from apps.usage.services.budgets import current_windows

MOST_REQUESTS, MOST_ALERTS, MOST_LIMITS = 5, 3, 200
_THEIRS = EventFilter(is_imported=False, is_overhead=False)


def overview(organization: Organization, *, at: datetime) -> dict[str, Any]:
    """Context of the page, inside the scope. Raises SearchTooWide."""
    zone = ZoneInfo(organization.time_zone)
    today = at.astimezone(zone).date()
    query = ValueQuery(today - timedelta(days=USUAL_DAYS - 1), today, zone, compares=False)
    found, addresses = value(query, at=at), Addresses(organization.slug, query)
    return {
        "window": window_words(query.first, query.last),
        "is_quiet": found.now.spend.is_empty,
        "stats": list(stats_of(found, addresses, page=addresses.page)),
        "pictures": pictures_of(found),
        "buckets": bucket_table(found, addresses),
        "rows": rows_of(organization, events(_THEIRS)[:MOST_REQUESTS]),
        "alerts": _alerts(organization, at),
    }


def _alerts(organization: Organization, at: datetime) -> list[Any]:
    """Of budgets whose window is not over."""
    ids = [row.pk for row in limits(organization)[:MOST_LIMITS]]
    told = budget_alerts(organization, limit_ids=ids, windows=current_windows(at))
    return list(told[:MOST_ALERTS])
