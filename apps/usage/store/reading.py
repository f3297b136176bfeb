"""Reading: the request log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

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
