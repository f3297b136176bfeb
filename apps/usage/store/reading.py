"""Reading: the request log, and sums over it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from apps.usage.models import UsageEvent


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None does not narrow. since, until: half-open. model: asked for or served."""

    project_id: UUID | None = None
    model: str | None = None
    outcome: str | None = None
    status: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def find_events(wanted: EventFilter) -> QuerySet[UsageEvent]:
    """The events of the current organization that are wanted, newest first."""
    equal = {
        "project_id": wanted.project_id,
        "outcome": wanted.outcome,
        "status": wanted.status,
        "started_at__gte": wanted.since,
        "started_at__lt": wanted.until,
    }
    rows = UsageEvent.objects.filter(**{name: value for name, value in equal.items() if value})
    if wanted.model is not None:
        rows = rows.filter(Q(served_model=wanted.model) | Q(requested_model=wanted.model))
    return rows.order_by("-started_at", "-id")


class Spending(NamedTuple):
    """What the calls of one project by one key cost."""

    project_id: UUID
    api_key_id: UUID | None
    usd: Decimal


def count_events(kinds: Sequence[str], *, since: datetime, until: datetime) -> int:
    """How many events of `kinds` started in [since, until)."""
    rows = UsageEvent.objects.filter(started_at__gte=since, started_at__lt=until)
    return rows.filter(kind__in=kinds).count()


def sum_spending(kinds: Sequence[str], *, since: datetime, until: datetime) -> Iterator[Spending]:
    """The cost of events of `kinds` that started in [since, until), by project and key."""
    rows = UsageEvent.objects.filter(
        kind__in=kinds, started_at__gte=since, started_at__lt=until, actual_usd__isnull=False
    )
    sums = rows.values_list("project_id", "api_key_id").annotate(usd=Sum("actual_usd"))
    for project_id, api_key_id, usd in sums.order_by("project_id", "api_key_id"):
        yield Spending(project_id, api_key_id, usd)
