"""Background work of allowances and budgets: for each organization, then call one service."""

from typing import Any

import structlog
from celery import shared_task
from django.db import DatabaseError

from apps.kernel.clock import utc_now
from apps.tenants.jobs import PublicTask
from apps.tenants.models import Organization
from apps.usage.allowances import services
from apps.usage.services.budgets import tell_of_budgets

log = structlog.get_logger(__name__)


@shared_task(name="allowances.measure", base=PublicTask)
def measure_allowances(**_newer: Any) -> int:
    """Allowances and budgets of every open organization; returns of how many."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_measure(organization) for organization in organizations.iterator())


def _measure(organization: Organization) -> bool:
    try:
        services.measure_allowances(organization=organization, at=utc_now())
        tell_of_budgets(organization=organization, at=utc_now())
    except DatabaseError:
        # A busy or damaged schema must not keep the others from it; the next run tries again.
        log.exception("allowances_not_measured", organization_id=str(organization.pk))
        return False
    return True


@shared_task(name="allowances.prune", base=PublicTask)
def prune_agent_runs(**_newer: Any) -> int:
    """Forget runs of agents that nobody counts any more."""
    return services.prune_agent_runs(at=utc_now())
