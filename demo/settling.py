"""Wait until what happened is written down: calls shipped, comparisons judged."""

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from redis import Redis

from apps.kernel.clock import utc_now
from apps.optimization.comparisons import queue_key
from apps.optimization.tasks import CERTIFY, JUDGE
from apps.tenants.context import tenant_scope
from apps.tenants.jobs import enqueue
from apps.tenants.models import Job, Organization
from apps.usage.selectors import EventFilter, events

_JUDGED_SECONDS, _SHIPPED_SECONDS, _PAUSE_SECONDS = 240.0, 120.0, 0.5


class NotWritten(Exception):
    """Records are missing: a process of the product does not run."""


def look_again(organization: Organization, *, at: datetime) -> None:
    """Have the workers judge what waits and look at certificates, sooner than they would."""
    for task in (JUDGE, CERTIFY):
        enqueue(task, organization=organization, at=at)


def await_comparisons(organization: Organization) -> bool:
    """Until none waits to be judged; False when that takes too long."""
    deadline = time.monotonic() + _JUDGED_SECONDS
    while time.monotonic() < deadline:
        job = enqueue(JUDGE, organization=organization, at=utc_now())
        if not _until(lambda job=job: _is_finished(job.pk), deadline):  # type: ignore[misc]
            return False
        if not _waiting(organization):
            return True
    return False


def await_records(organization: Organization, project_id: UUID, calls: int) -> None:
    """Until the request log has so many calls of the project. Raises NotWritten."""
    deadline = time.monotonic() + _SHIPPED_SECONDS
    if not _until(lambda: written(organization, project_id) >= calls, deadline):
        found = written(organization, project_id)
        raise NotWritten(
            f"only {found} of {calls} calls are in the request log of {organization.name};"
            " see whether ./apex up still runs, and its .local/log/shipper.log"
        )


def written(organization: Organization, project_id: UUID) -> int:
    """Calls of the project in the request log."""
    with tenant_scope(organization):
        return events(EventFilter(project_id=project_id, kind="live")).count()


def _is_finished(job_id: UUID) -> bool:
    return Job.objects.filter(pk=job_id).exclude(finished_at=None).exists()


def _waiting(organization: Organization) -> int:
    with Redis.from_url(settings.CACHE_URL, socket_timeout=5) as client:
        return int(client.llen(queue_key(settings.REDIS_KEY_PREFIX, organization.pk)))


def _until(holds: Callable[[], bool], deadline: float) -> bool:
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
