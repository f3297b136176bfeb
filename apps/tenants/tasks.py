"""Background work of tenants: fetch, then call one service."""

from datetime import timedelta
from typing import Any

from celery import shared_task

from apps.kernel.clock import utc_now
from apps.tenants import invitation_email, jobs
from apps.tenants.context import current_tenant
from apps.tenants.models import Job

KEPT_JOBS = timedelta(days=7)


@shared_task(name="tenants.send_invitation", base=jobs.TenantTask)
def send_invitation(*, invitation_id: str, sealed_token: str, **_newer: Any) -> None:
    """E-mail an invitation that is still open."""
    invitation = current_tenant().invitations.get(pk=invitation_id)
    invitation_email.send_invitation(invitation, sealed_token=sealed_token, at=utc_now())


@shared_task(name="tenants.publish_waiting_jobs", base=jobs.PublicTask)
def publish_waiting_jobs(**_newer: Any) -> int:
    """Publish jobs that an outage of the broker left in the outbox."""
    return jobs.publish_waiting(at=utc_now())


@shared_task(name="tenants.prune_expired_rows", base=jobs.PublicTask)
def prune_expired_rows(**_newer: Any) -> None:
    """Forget finished jobs after a week."""
    Job.objects.filter(finished_at__lt=utc_now() - KEPT_JOBS).delete()
