"""Background work of calls that were put off."""

from typing import Any

import structlog
from celery import shared_task
from django.db import DatabaseError

from apps.kernel.clock import utc_now
from apps.optimization.deadlines.selectors import has_work
from apps.proxy.batching.advancing import advance
from apps.tenants.context import current_tenant, tenant_scope
from apps.tenants.jobs import PublicTask, TenantTask
from apps.tenants.models import Organization

ADVANCE = "deadlines.advance"
# Beat asks again before that; a message that waited for longer has a younger one beside it.
STALE_SECONDS = 60

log = structlog.get_logger(__name__)


@shared_task(name="deadlines.advance_all", base=PublicTask)
def advance_all(**_newer: Any) -> int:
    """Ask for a round in every open organization that has put calls off; in how many."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_ask(organization) for organization in organizations.iterator())


def _ask(organization: Organization) -> bool:
    try:
        with tenant_scope(organization):
            is_due = has_work(at=utc_now())
    except DatabaseError:
        # A damaged schema must not keep the others from it; the next run tries again.
        log.exception("deferred_calls_not_advanced", organization_id=str(organization.pk))
        return False
    if is_due:
        advance_deferred.apply_async(
            kwargs={"organization_id": str(organization.pk)}, expires=STALE_SECONDS
        )
    return is_due


@shared_task(name=ADVANCE, base=TenantTask)
def advance_deferred(**_newer: Any) -> None:
    """One round over the calls that an organization put off."""
    advance(organization=current_tenant(), clock=utc_now)
