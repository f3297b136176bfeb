"""Give results away, and forget them."""

from datetime import datetime, timedelta

from django.db.models import Q

from apps.optimization.deadlines.deferral import RESULT
from apps.optimization.deadlines.models import OPEN, Batch, BatchState, DeferredCall
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, unseal

# Whoever fetched a result may have lost it on the way.
KEPT_AFTER_DELIVERY = timedelta(hours=1)
# What is said of a call that is over; its record stays in the request log.
ROWS_KEPT_FOR = timedelta(days=30)


def open_result(organization: Organization, row: DeferredCall, *, at: datetime) -> bytes | None:
    """The provider's answer in clear, which is then kept for an hour more; None where there is none
    (yet, or any more). Raises CannotOpen.
    """
    if row.sealed_result is None or row.expires_at is None or row.expires_at <= at:
        return None
    bound_to = binding(organization.pk, RESULT)
    body = unseal(data_key(organization, at=at), row.sealed_result, bound_to=bound_to)
    if row.delivered_at is None:
        row.delivered_at = at
        row.expires_at = min(row.expires_at, at + KEPT_AFTER_DELIVERY)
        row.save(update_fields=["delivered_at", "expires_at"])
    return body


def expire_results(*, at: datetime) -> int:
    """Delete results whose time is over, and old rows; returns how many results."""
    over = DeferredCall.objects.filter(expires_at__lte=at, sealed_result__isnull=False)
    count = over.update(sealed_result=None)
    old = Q(recorded_at__isnull=False, created_at__lt=at - ROWS_KEPT_FOR, sealed_result=None)
    DeferredCall.objects.filter(old).exclude(state__in=OPEN).delete()
    Batch.objects.filter(
        state=BatchState.ENDED, ended_at__lt=at - ROWS_KEPT_FOR, calls__isnull=True
    ).delete()
    return count
