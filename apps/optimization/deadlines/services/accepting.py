"""What gateways put off, from the spool into the tables of its organization."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from apps.kernel.events import UnreadableEvent, decode
from apps.optimization.deadlines.deferral import Deferral, UnreadableDeferral, fallback_at
from apps.optimization.deadlines.models import DeferredCall
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization


def accept_deferred(
    *, organization: Organization, payloads: Sequence[tuple[UUID, bytes]], at: datetime
) -> Collection[UUID]:
    """Keep calls to be answered, by the ids of their records. Twice is the same as once.

    Returns the ids of those that cannot be read. Raises DatabaseError.
    """
    rows, unreadable = [], []
    for call_id, payload in payloads:
        try:
            rows.append(_row(call_id, Deferral.decoded(payload)))
        except (UnreadableDeferral, UnreadableEvent):
            unreadable.append(call_id)
    with tenant_scope(organization):
        DeferredCall.objects.bulk_create(rows, ignore_conflicts=True)
    return unreadable


def _row(call_id: UUID, deferral: Deferral) -> DeferredCall:
    event, due_at = decode(deferral.event.encode()), deferral.due_at
    return DeferredCall(
        id=call_id,
        created_at=event.started_at,
        due_at=due_at,
        fallback_at=fallback_at(started_at=event.started_at, due_at=due_at),
        project_id=event.project_id,
        api_key_id=event.api_key_id,
        endpoint=deferral.endpoint,
        path=deferral.path,
        provider=deferral.provider,
        credential_id=deferral.credential_id,
        model=deferral.model,
        headers=dict(deferral.headers),
        event=deferral.event,
        sealed_request=deferral.sealed,
    )
