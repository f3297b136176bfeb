"""Background work of idempotency."""

from typing import Any

from celery import shared_task

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.idempotency.services import prune_replies
from apps.tenants.jobs import PublicTask
from apps.tenants.models import Organization


@shared_task(name="idempotency.prune", base=PublicTask)
def prune(**_newer: Any) -> int:
    """Forget old replies in every open organization; returns how many."""
    count = 0
    for organization in Organization.objects.filter(closed_at=None).order_by("id"):
        with tenant_scope(organization):
            count += prune_replies(at=utc_now())
    return count
