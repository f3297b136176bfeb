"""Tells budgets what their windows have spent, so that a lost Redis forgets nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from apps.proxy.limits.rules import window_of
from apps.tenants.access import Limit, OrganizationAccess
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import spent_usd

BUDGET = "budget_usd"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def has_budgets(organization: OrganizationAccess) -> bool:
    """Whether there is anything to tell."""
    return any(limit.kind == BUDGET for limit in organization.limits)


def with_spending(organization: OrganizationAccess, *, at: datetime) -> OrganizationAccess:
    """The same, each budget with what was spent in its window up to `at`; one query a budget."""
    if not has_budgets(organization) or organization.is_closed:
        return organization
    with tenant_scope(Organization.objects.get(pk=organization.id)):
        limits = tuple(
            replace(limit, spent_usd=_spent(limit, at)) if limit.kind == BUDGET else limit
            for limit in organization.limits
        )
    return replace(organization, limits=limits)


def _spent(limit: Limit, at: datetime) -> Decimal:
    """Sums are kept by day, so a window of a minute has none."""
    if limit.window == "minute":
        return Decimal(0)
    start_s = window_of(limit, at).start_s
    since = max(_EPOCH, datetime.fromtimestamp(start_s, UTC)) if start_s > 0 else _EPOCH
    subject = {"project": "projects", "key": "keys"}.get(limit.subject)
    return spent_usd(since=since, **({subject: (limit.subject_id,)} if subject else {}))
