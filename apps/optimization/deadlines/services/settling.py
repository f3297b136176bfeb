"""What becomes of a call that was put off: its record, its result and its message, at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.kernel.events import Event
from apps.notices.kinds import Kind
from apps.notices.services.announcing import send_message
from apps.optimization.deadlines.deferral import RESULT
from apps.optimization.deadlines.models import DeferredCall, State
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, seal
from apps.usage.services.ingestion import ingest_events

# So long a result that nobody fetched is kept.
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Answered:
    """event: the one record of the call. body: what the provider answered; None if it did not."""

    event: Event
    body: bytes | None


@transaction.atomic
def settle_call(
    *, organization: Organization, call_id: UUID, answered: Answered, at: datetime
) -> bool:
    """Record the call and keep its result; False when it was recorded before.

    A call that was cancelled meanwhile is recorded as what it cost, and its result let go.
    """
    row = DeferredCall.objects.select_for_update().get(pk=call_id)
    if row.recorded_at is not None:
        return False
    event = answered.event
    ingest_events(organization=organization, events=[event], at=at)
    row.recorded_at, row.sealed_request, row.claimed_until = at, None, None
    row.cost_usd, row.tier = event.actual_usd, event.tier or ""
    row.saved_usd = sum(event.decomposition.values(), start=row.saved_usd)
    row.status_code, row.error_code = event.status, event.error_code or ""
    if row.is_open:
        _finish(organization, row, answered, at=at)
    row.save()
    return True


def _finish(
    organization: Organization, row: DeferredCall, answered: Answered, *, at: datetime
) -> None:
    is_answer = answered.event.outcome == "success"
    row.state = State.COMPLETED if is_answer else State.FAILED
    row.finished_at = at
    if answered.body is not None:
        bound_to = binding(organization.pk, RESULT)
        key = data_key(organization, at=at)
        row.sealed_result = seal(key, answered.body, bound_to=bound_to)
        row.expires_at = at + KEPT_FOR
    send_message(
        organization=organization,
        kind=Kind.DEFERRED_CALL_COMPLETED,
        about=row.pk,
        data=_told(row),
        at=at,
    )


def _told(row: DeferredCall) -> dict[str, Any]:
    """Nothing of what was asked or answered: that is fetched by those who may read it."""
    return {
        "id": str(row.pk),
        "status": str(row.state),
        "status_code": row.status_code,
        "error_code": row.error_code,
        "project_id": str(row.project_id),
        "due_at": row.due_at.isoformat(),
        "tier": row.tier,
        "cost_usd": None if row.cost_usd is None else f"{row.cost_usd.normalize():f}",
        "saved_usd": f"{row.saved_usd.normalize():f}",
    }


def release_claim(*, call_id: UUID, until: datetime) -> None:
    """Let the ordinary tier be asked again at `until`."""
    DeferredCall.objects.filter(pk=call_id).update(claimed_until=until)
