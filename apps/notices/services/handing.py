"""Ask workers to make attempts, each of them once."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.notices.models import Delivery
from apps.tenants import jobs
from apps.tenants.models import Organization

# Longer than a worker's queue should ever be; then it is asked again.
ASKED_FOR = timedelta(minutes=5)


def hand_over(delivery: Delivery, *, organization: Organization, at: datetime) -> None:
    """Ask for the attempt of `delivery` that is due. To be run in a transaction."""
    delivery.handed_until = at + ASKED_FOR
    delivery.save(update_fields=["handed_until"])
    jobs.enqueue(
        "notices.attempt_delivery",
        organization=organization,
        at=at,
        delivery_id=str(delivery.pk),
    )


@transaction.atomic
def hand_over_due(*, at: datetime, limit: int = 200) -> int:
    """Ask for every attempt that is due, the longest waiting first; returns how many."""
    due = (
        Delivery.objects.due(at=at)
        .select_related("endpoint__organization")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("next_attempt_at", "id")[:limit]
    )
    rows = list(due)
    for row in rows:
        hand_over(row, organization=row.endpoint.organization, at=at)
    return len(rows)
