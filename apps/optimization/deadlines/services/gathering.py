"""Which calls go out together, and which have to be asked for by themselves."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Length

from apps.optimization.deadlines.deferral import REQUEST
from apps.optimization.deadlines.models import OPEN, Batch, BatchState, DeferredCall, State
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, unseal

# So long the oldest call of a batch waits for others.
GATHERED_FOR = timedelta(seconds=30)
# Well within what providers take (50,000 calls and 200 MB), and what a worker holds at once.
MOST_CALLS, MOST_BYTES = 5_000, 64 << 20
_READ = 5_000
# Longer than a provider may take for an answer; then somebody else asks again.
CLAIMED_FOR = timedelta(minutes=20)
_TOGETHER = ("project_id", "api_key_id", "provider", "credential_id", "path", "headers")


@transaction.atomic
def gather_batches(*, at: datetime) -> list[Batch]:
    """Make batches of what waits: of one key, credential, path and set of headers each."""
    waiting = DeferredCall.objects.filter(
        state=State.WAITING, asks_itself=False, fallback_at__gt=at
    ).select_for_update(skip_locked=True)
    light = waiting.defer("sealed_request", "event").annotate(size=Length("sealed_request"))
    rows = sorted(light.order_by("created_at", "id")[:_READ], key=_group)
    made = []
    for _, theirs in groupby(rows, key=_group):
        group = list(theirs)
        if min(each.created_at for each in group) <= at - GATHERED_FOR:
            made += _batches(group, at=at)
    return made


def _group(row: DeferredCall) -> str:
    return repr([row.model, *(getattr(row, name) for name in _TOGETHER)])


def _batches(rows: Sequence[DeferredCall], *, at: datetime) -> list[Batch]:
    made = []
    for part in _parts(rows):
        shared = {name: getattr(part[0], name) for name in _TOGETHER}
        batch = Batch.objects.create(created_at=at, look_at=at, endpoint=part[0].endpoint, **shared)
        DeferredCall.objects.filter(pk__in=[row.pk for row in part]).update(
            batch=batch, state=State.BATCHED
        )
        made.append(batch)
    return made


def _parts(rows: Sequence[DeferredCall]) -> Iterator[list[DeferredCall]]:
    part: list[DeferredCall] = []
    held_bytes = 0
    for row in rows:
        size: int = row.size or 0  # type: ignore[attr-defined]  # annotated
        if part and (held_bytes + size > MOST_BYTES or len(part) == MOST_CALLS):
            yield part
            part, held_bytes = [], 0
        part.append(row)
        held_bytes += size
    yield part


@transaction.atomic
def claim_late(*, at: datetime, limit: int) -> list[DeferredCall]:
    """Calls that no batch is to answer any more, or whose time is nearly up; theirs alone is
    whoever asks for them next.
    """
    is_due = Q(fallback_at__lte=at) | Q(asks_itself=True)
    is_free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    rows = list(
        DeferredCall.objects.filter(is_due, is_free, state__in=OPEN)
        .select_for_update(skip_locked=True)
        .order_by("fallback_at", "id")[:limit]
    )
    for row in rows:
        row.claimed_until = at + CLAIMED_FOR
        row.attempt_count += 1
    DeferredCall.objects.bulk_update(rows, ["claimed_until", "attempt_count"])
    return rows


def note_batch(
    batch: Batch,
    *,
    is_sent: bool = False,
    name: str | None = None,
    failure_count: int = 0,
    look_at: datetime | None = None,
) -> None:
    """How far a batch is: about to be handed in, known to the provider by `name`, failed so often,
    not to be looked at before `look_at`.
    """
    batch.failure_count = failure_count
    if is_sent:
        batch.state = BatchState.SENT
    if name is not None:
        batch.state, batch.provider_batch_id = BatchState.RUNNING, name
    batch.look_at = look_at or batch.look_at
    batch.save(update_fields=["state", "provider_batch_id", "failure_count", "look_at"])


@transaction.atomic
def end_batch(batch: Batch, *, at: datetime) -> None:
    """What the batch did not answer is asked for by itself."""
    unanswered = DeferredCall.objects.filter(batch=batch, state=State.BATCHED)
    unanswered.update(state=State.WAITING, asks_itself=True)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.ENDED, ended_at=at)


def open_request(organization: Organization, row: DeferredCall, *, at: datetime) -> bytes:
    """The body that the provider is to get, in clear. Raises CannotOpen."""
    bound_to = binding(organization.pk, REQUEST)
    return unseal(data_key(organization, at=at), row.sealed_request or b"", bound_to=bound_to)
