"""Background work that carries its organization and survives a broker outage.

`enqueue` writes a row of the outbox in the caller's transaction and publishes it after commit;
`publish_waiting` (run by beat) publishes what a broker outage or a crash left behind. A task
may thus run twice, and must be written so that twice is the same as once.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.kernel.clock import utc_now
from apps.tenants.context import NoTenantScope, tenant_scope
from apps.tenants.models import Job, Organization

log = structlog.get_logger(__name__)

# A message older than this without a finished job was lost with its broker or worker.
LOST_AFTER = timedelta(minutes=15)
# A task that fails each time is not lost: after this its job stays unfinished, for people to see.
GIVEN_UP_AFTER = timedelta(days=1)


class TenantTask(Task):  # type: ignore[type-arg]  # generic in its stubs only
    """The base of every task about one organization: runs inside its scope, or not at all."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        organization_id = kwargs.pop("organization_id", None)
        job_id = kwargs.pop("job_id", None)
        if organization_id is None:
            raise NoTenantScope(f"The task {self.name}")
        with tenant_scope(Organization.objects.get(pk=organization_id)):
            result = super().__call__(*args, **kwargs)
        Job.objects.filter(pk=job_id).update(finished_at=utc_now())
        return result


class PublicTask(Task):  # type: ignore[type-arg]  # generic in its stubs only
    """The base of tasks about all organizations; tenant models stay out of their reach."""

    abstract = True


def enqueue(task: str, *, organization: Organization, at: datetime, **arguments: Any) -> Job:
    """Ask for `task` (its registered name) to run for `organization` once this commits."""
    job = Job.objects.create(
        organization=organization, task=task, arguments=arguments, created_at=at
    )
    transaction.on_commit(lambda: _publish(job.pk, at=at), robust=True)
    return job


def publish_waiting(*, at: datetime, limit: int = 500) -> int:
    """Publish jobs that never reached the broker, or were lost there. Returns how many."""
    waiting = Job.objects.filter(finished_at=None, created_at__lt=at - timedelta(minutes=1))
    never = waiting.filter(published_at=None)
    lost = waiting.filter(published_at__lt=at - LOST_AFTER, created_at__gt=at - GIVEN_UP_AFTER)
    ids = (never | lost).order_by("created_at", "id").values_list("pk", flat=True)[:limit]
    return sum(_publish(job_id, at=at) for job_id in list(ids))


def _publish(job_id: UUID, *, at: datetime) -> bool:
    job = Job.objects.get(pk=job_id)
    try:
        current_app.send_task(
            job.task,
            kwargs={
                **job.arguments,
                "organization_id": str(job.organization_id),
                "job_id": str(job.pk),
            },
            retry=False,
        )
    except OperationalError:
        log.warning("job_not_published", job_id=str(job.pk), task=job.task)
        return False
    Job.objects.filter(pk=job.pk).update(published_at=at)
    return True
