"""Background work of disputes."""

from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from apps.attribution.disputes import services
from apps.attribution.disputes.models import Dispute
from apps.kernel.clock import utc_now
from apps.tenants.context import current_tenant
from apps.tenants.jobs import TenantTask
from apps.tenants.models import User


@shared_task(name=services.RECOMPUTE, base=TenantTask)
def recompute(*, recomputation_id: str, **_newer: Any) -> None:
    """Make the difference report that staff asked for."""
    services.recompute(
        organization=current_tenant(), recomputation_id=UUID(recomputation_id), at=utc_now()
    )


@shared_task(name=services.TELL_STAFF, base=TenantTask)
@transaction.atomic
def tell_staff(*, dispute_id: str, **_newer: Any) -> bool:
    """E-mail our staff that a customer doubts a statement, once; whether there was anybody."""
    mine = Dispute.objects.select_for_update(of=("self",)).select_related("organization")
    dispute = mine.filter(organization=current_tenant(), staff_told_at=None, pk=dispute_id).first()
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("id")
    to = list(staff.values_list("email", flat=True))
    if dispute is None or not to:
        return False
    page = reverse("admin:disputes_dispute_change", args=[dispute.pk])
    context = {"dispute": dispute, "page_url": urljoin(settings.PORTAL_URL, page)}
    subject = f"Dispute of savings statement {dispute.period_number} ({dispute.organization.name})"
    EmailMessage(subject, render_to_string("email/dispute.txt", context), bcc=to).send()
    dispute.staff_told_at = utc_now()
    dispute.save(update_fields=["staff_told_at"])
    return True
