"""Background work of idempotency."""

from typing import Any

import structlog
from celery import shared_task
from django.db import DatabaseError

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.idempotency.services import prune_replies
from apps.tenants.jobs import PublicTask
from apps.tenants.models import Organization

log = structlog.get_logger(__name__)


@shared_task(name="idempotency.prune", base=PublicTask)
def prune(**_newer: Any) -> int:
    """Forget old replies in every open organization; returns how many."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_prune(organization) for organization in organizations.iterator())


def _prune(organization: Organization) -> int:
    try:
        with tenant_scope(organization):
            return prune_replies(at=utc_now())
    except DatabaseError:
        # One damaged schema must not keep the others from being pruned.
        log.exception("replies_not_pruned", organization_id=str(organization.pk))
        return 0
