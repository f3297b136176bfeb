"""Background work of notices: fetch, then call one service."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings

from apps.kernel.clock import utc_now
from apps.notices import emails
from apps.notices.models import Delivery, Notice
from apps.notices.services import deliveries
from apps.notices.services.handing import hand_over_due
from apps.notices.webhooks.sending import GuardedTransport
from apps.tenants.context import current_tenant
from apps.tenants.jobs import PublicTask, TenantTask
from apps.tenants.resolving import resolve

KEPT_DELIVERIES = timedelta(days=90)
# An endpoint that sends its answer byte by byte would hold a worker for ever.
LONGEST_ATTEMPT_SECONDS = 60


@shared_task(name="notices.send_emails", base=TenantTask)
def send_emails(*, notice_id: str, **_newer: Any) -> int:
    """E-mail a notice to those who want it."""
    notice = Notice.objects.select_related("organization").get(
        pk=notice_id, organization=current_tenant()
    )
    return emails.send_emails(notice, at=utc_now())


@shared_task(name="notices.attempt_delivery", base=TenantTask, time_limit=LONGEST_ATTEMPT_SECONDS)
def attempt_delivery(*, delivery_id: str, **_newer: Any) -> None:
    """Make the attempt of a delivery that is due."""
    if Delivery.objects.filter(pk=delivery_id, endpoint__organization=current_tenant()).exists():
        deliveries.attempt_delivery(
            delivery_id=UUID(delivery_id),
            transport=GuardedTransport(resolve=resolve, private=settings.PRIVATE_UPSTREAMS),
            at=utc_now(),
        )


@shared_task(name="notices.hand_over_due", base=PublicTask)
def hand_over_due_deliveries(**_newer: Any) -> int:
    """Ask workers for the attempts that are due."""
    return hand_over_due(at=utc_now())


@shared_task(name="notices.prune_deliveries", base=PublicTask)
def prune_deliveries(**_newer: Any) -> None:
    """Forget messages and their attempts after 90 days; notices stay, they are told once."""
    Delivery.objects.filter(created_at__lt=utc_now() - KEPT_DELIVERIES).delete()
