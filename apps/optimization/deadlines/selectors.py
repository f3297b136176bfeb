"""Reads of calls that are answered later; inside the organization's scope."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.optimization.deadlines.models import OPEN, Batch, BatchState, DeferredCall, State

__all__ = [
    "STATES", "Batch", "DeferredCall", "batch_call", "batches_to_look_at", "calls_of",
    "deferred_call", "deferred_calls", "has_work", "is_awaited", "known_names",
]  # fmt: skip
STATES = State.choices
_MOST = 200


def deferred_calls(*, project_id: UUID | None = None) -> QuerySet[DeferredCall]:
    """Calls that were put off, newest first; of a project or all."""
    rows = DeferredCall.objects.defer("sealed_request", "sealed_result", "event")
    return (rows if project_id is None else rows.filter(project_id=project_id)).order_by(
        "-created_at", "-id"
    )


def deferred_call(call_id: UUID, *, project_id: UUID | None = None) -> DeferredCall:
    """One of them. Raises DeferredCall.DoesNotExist."""
    rows = DeferredCall.objects.all()
    return (rows if project_id is None else rows.filter(project_id=project_id)).get(pk=call_id)


def batches_to_look_at(*, at: datetime) -> list[Batch]:
    """Batches that have not ended and are due to be looked at, the oldest first."""
    rows = Batch.objects.exclude(state=BatchState.ENDED).filter(look_at__lte=at)
    return list(rows.order_by("look_at", "id")[:_MOST])


def calls_of(batch: Batch) -> list[DeferredCall]:
    """The calls of a batch that are still to be answered by it, in the order of their ids."""
    return list(batch.calls.filter(state=State.BATCHED).order_by("id"))


def is_awaited(batch: Batch) -> bool:
    """Whether anybody still waits for this batch."""
    return batch.calls.filter(state=State.BATCHED).exists()


def batch_call(batch: Batch, call_id: UUID) -> DeferredCall | None:
    """A call that was handed in with a batch, whatever became of it since."""
    return DeferredCall.objects.filter(batch=batch, pk=call_id).first()


def known_names(batch: Batch) -> frozenset[str]:
    """The provider's names of batches of the same credential."""
    rows = Batch.objects.filter(credential_id=batch.credential_id).exclude(provider_batch_id="")
    return frozenset(rows.values_list("provider_batch_id", flat=True))


def has_work(*, at: datetime) -> bool:
    """Whether anything is to be done for the current organization."""
    is_unrecorded = Q(recorded_at=None)
    is_over = Q(sealed_result__isnull=False, expires_at__lte=at)
    is_waiting = DeferredCall.objects.filter(Q(state__in=OPEN) | is_unrecorded | is_over)
    return is_waiting.exists() or Batch.objects.exclude(state=BatchState.ENDED).exists()
