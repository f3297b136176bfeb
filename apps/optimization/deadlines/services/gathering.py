"""Which calls go out together, and which have to be asked for by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice

from django.db import transaction
from django.db.models import Q

from apps.optimization.deadlines.deferral import REQUEST
from apps.optimization.deadlines.models import OPEN, Batch, BatchState, DeferredCall, State
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, unseal

# So long the oldest call of a batch waits for others.
GATHERED_FOR = timedelta(seconds=30)
# Within what providers take: 50,000 lines and 200 MB a file (OpenAI), of at most 4 MB each.
MOST_CALLS = 45
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
    rows = sorted(waiting.order_by("created_at", "id")[:_READ], key=_group)
    made = []
    for _, theirs in groupby(rows, key=_group):
        group = list(theirs)
        if min(each.created_at for each in group) <= at - GATHERED_FOR:
            made += _batches(group, at=at)
    return made


def _group(row: DeferredCall) -> str:
    return repr([row.model, *(getattr(row, name) for name in _TOGETHER)])


def _batches(rows: Sequence[DeferredCall], *, at: datetime) -> list[Batch]:
    remaining, made = iter(rows), []
    while part := list(islice(remaining, MOST_CALLS)):
        shared = {name: getattr(part[0], name) for name in _TOGETHER}
        batch = Batch.objects.create(created_at=at, look_at=at, endpoint=part[0].endpoint, **shared)
        DeferredCall.objects.filter(pk__in=[row.pk for row in part]).update(
            batch=batch, state=State.BATCHED
        )
        made.append(batch)
    return made


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
