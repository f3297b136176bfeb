"""Call off what was put off."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.kernel.errors import NetraError
from apps.kernel.events import Event, decode
from apps.optimization.deadlines.models import BatchState, DeferredCall, State
from apps.tenants.models import Organization
from apps.usage.services.ingestion import ingest_events

_MOST = 500
_FREE = Decimal(0)


class DeferredCallEnded(NetraError):
    code = "deferred_call_ended"
    http_status = 409
    message = "This call is over already. Fetch it, or let it be."


@transaction.atomic
def cancel_deferred(*, call_id: UUID, at: datetime) -> DeferredCall:
    """Nobody wants the answer any more. What a batch has begun is still charged; the call is
    recorded by a later round. Twice is the same as once. Raises DeferredCallEnded, DoesNotExist.
    """
    row = DeferredCall.objects.select_for_update().get(pk=call_id)
    if row.state == State.CANCELLED:
        return row
    if not row.is_open:
        raise DeferredCallEnded(f"This call is {row.state} already. Fetch it, or let it be.")
    row.state, row.finished_at, row.sealed_request = State.CANCELLED, at, None
    row.save()
    return row


@transaction.atomic
def record_cancelled(*, organization: Organization, at: datetime) -> int:
    """Record, at no cost, what was cancelled and turned out not to have been asked for."""
    is_free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    is_over = Q(batch=None) | Q(batch__state=BatchState.ENDED)
    rows = DeferredCall.objects.select_for_update(of=("self",)).filter(
        is_free, is_over, state=State.CANCELLED, recorded_at=None
    )
    found = list(rows.order_by("id")[:_MOST])
    if found:
        ingest_events(organization=organization, events=map(_cancelled, found), at=at)
    for row in found:
        row.recorded_at, row.cost_usd = at, _FREE
        row.save()
    return len(found)


def _cancelled(row: DeferredCall) -> Event:
    return replace(
        decode(row.event.encode()),
        outcome="cancelled",
        status=None,
        is_priced=True,
        tier=None,
        region=None,
        actual_usd=_FREE,
        counterfactual_usd=_FREE,
    )
