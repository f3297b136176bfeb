"""Background work of sharing."""

from typing import Any

from celery import shared_task

from apps.attribution.sharing import services
from apps.kernel.clock import utc_now
from apps.tenants.jobs import PublicTask


@shared_task(name="sharing.prune_visits", base=PublicTask)
def prune_visits(**_newer: Any) -> int:
    """Forget visits that nobody asks about any more; how many."""
    return services.prune_visits(at=utc_now())
