"""Background work of attribution."""

from typing import Any

import structlog
from celery import shared_task
from django.db import DatabaseError

from apps.attribution.selectors import experiments
from apps.attribution.services import announce_heads, commit_next_period, seal_experiment
from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.context import current_tenant, tenant_scope
from apps.tenants.jobs import PublicTask, TenantTask, enqueue
from apps.tenants.models import Organization

SEAL = "attribution.seal_savings"

log = structlog.get_logger(__name__)


@shared_task(name="attribution.seal_all_savings", base=PublicTask)
def seal_all_savings(**_newer: Any) -> int:
    """Ask for `seal_savings` in every open organization that has an experiment; in how many."""
    organizations = Organization.objects.filter(closed_at=None).order_by("id")
    return sum(_ask(organization) for organization in organizations.iterator())


def _ask(organization: Organization) -> bool:
    try:
        with tenant_scope(organization):
            has_experiment = experiments().exists()
    except DatabaseError:
        # A damaged schema must not keep the others from it; the next run tries again.
        log.exception("savings_not_sealed", organization_id=str(organization.pk))
        return False
    if has_experiment:
        enqueue(SEAL, organization=organization, at=utc_now())
    return has_experiment


@shared_task(name=SEAL, base=TenantTask)
def seal_savings(**_newer: Any) -> None:
    """The logs of an organization's experiments up to date, and the next period committed to; one
    that fails keeps no other. One message tells of all that was sealed.
    """
    for experiment in experiments():
        known: Any = {"organization": current_tenant(), "experiment_id": experiment.pk}
        try:
            commit_next_period(**known, at=utc_now())
            sealed = seal_experiment(**known, at=utc_now())
        except (NetraError, DatabaseError):
            log.exception("savings_not_sealed", experiment_id=str(experiment.pk))
        else:
            log.info("savings_sealed", experiment_id=str(experiment.pk), units=sealed.units)
    announce_heads(organization=current_tenant(), at=utc_now())
