"""Budgets looked at from the stored events: what no call was left to carry.

The gateway tells of a budget with the next call of the organization. When none follows, or the
gateway was killed in between, nobody would be told; here they are, once all the same.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from apps.kernel.events import Alert
from apps.notices.services.budgets import announce_budget
from apps.tenants.context import tenant_scope
from apps.tenants.models import Limit, LimitKind, Organization, Window
from apps.usage.selectors import spent_usd


def tell_of_budgets(*, organization: Organization, at: datetime) -> int:
    """Announce each share that a budget spent in its window of `at`; returns how many are new."""
    told = 0
    for window in (Window.DAY, Window.MONTH, Window.TOTAL):
        rows = _warning(organization, window)
        if rows:
            told += _tell(organization, rows, window, at=at)
    return told


def window_bounds(window: str, at: datetime) -> tuple[str, datetime]:
    """Name and start of the window in which `at` lies; the names are the gateway's."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if window == Window.DAY:
        return f"{day:%Y%m%d}", day
    if window == Window.MONTH:
        return f"{day:%Y%m}", day.replace(day=1)
    return "total", datetime.min.replace(tzinfo=UTC)


def current_windows(at: datetime) -> list[str]:
    """The names of the windows in which `at` lies."""
    return [window_bounds(window, at)[0] for window in (Window.DAY, Window.MONTH, Window.TOTAL)]


def _warning(organization: Organization, window: Window) -> Sequence[Limit]:
    budgets = organization.limits.filter(kind=LimitKind.BUDGET_USD, window=window)
    return list(budgets.exclude(alert_fractions=[]).order_by("id"))


def _tell(
    organization: Organization, rows: Sequence[Limit], window: Window, *, at: datetime
) -> int:
    name, start = window_bounds(window, at)
    with tenant_scope(organization):
        alerts = [alert for row in rows for alert in _alerts(row, _spent(row, start), name)]
    return sum(
        announce_budget(organization=organization, alert=alert, at=at) is not None
        for alert in alerts
    )


def _spent(row: Limit, since: datetime) -> Decimal:
    """What counts against the budget: of its key, else of its project, else all."""
    if row.api_key_id:
        return spent_usd(since=since, keys=[row.api_key_id])
    return spent_usd(since=since, projects=[row.project_id] if row.project_id else ())


def _alerts(row: Limit, spent: Decimal, window: str) -> list[Alert]:
    return [
        Alert(row.pk, fraction, window, row.amount, spent)
        for fraction in row.alert_fractions
        if spent >= fraction * row.amount
    ]
