"""Background work of usage."""

from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from django.db import DatabaseError

from apps.kernel.clock import utc_now
from apps.tenants.context import current_tenant, tenant_scope
from apps.tenants.jobs import PublicTask, TenantTask
from apps.tenants.models import Organization
from apps.usage.services import checking, repricing, retention

# The month at hand, and the one before, whose late events still come.
MONTHS_CHECKED = 2

log = structlog.get_logger(__name__)


@shared_task(name="usage.keep_months", base=PublicTask)
def keep_months(**_newer: Any) -> int:
    """Months made ahead, and what is kept no longer dropped, in every open organization.

    Returns in how many.
    """
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_keep_months(organization) for organization in organizations.iterator())


def _keep_months(organization: Organization) -> bool:
    try:
        with tenant_scope(organization):
            retention.keep_months(at=utc_now())
            retention.prune_expired_contents(organization, at=utc_now())
    except DatabaseError:
        # A busy or damaged schema must not keep the others from it; the next run tries again.
        log.exception("months_not_kept", organization_id=str(organization.pk))
        return False
    return True


@shared_task(name="usage.check_usage", base=PublicTask)
def check_usage(**_newer: Any) -> int:
    """Events, rollups and books compared in every open organization; returns how much differs."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_check_usage(organization) for organization in organizations.iterator())


def _check_usage(organization: Organization) -> int:
    try:
        with tenant_scope(organization):
            at = utc_now()
            return len(
                checking.check_usage(organization=organization, months=MONTHS_CHECKED, at=at)
            )
    except DatabaseError:
        log.exception("usage_not_checked", organization_id=str(organization.pk))
        return 1


@shared_task(name=repricing.REPRICE, base=TenantTask)
def reprice(repricing_id: str, **_newer: Any) -> None:
    """Price a month again, as staff asked for."""
    outcome = repricing.run_repricing(
        organization=current_tenant(), repricing_id=UUID(repricing_id), at=utc_now()
    )
    log.info("usage_repriced", repricing_id=repricing_id, adjusted=outcome.adjusted)
