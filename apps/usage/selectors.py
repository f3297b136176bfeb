"""Reads: bounded by the caller's page and totally ordered."""

from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from apps.usage.models import Adjustment, Refusal, StoredContent, UsageEvent
from apps.usage.store import (
    EventFilter,
    ScoredCalls,
    SearchTooWide,
    bounded,
    comparison_events,
    comparison_times,
    decisions_of,
    find_events,
    has_carried,
    request_count,
    scored_calls,
    served_models,
    spent_usd,
    tag_names,
    unit_ends,
    unit_events,
)

__all__ = [
    "ANY",
    "EventFilter",
    "ScoredCalls",
    "SearchTooWide",
    "UsageEvent",
    "adjustments",
    "bounded",
    "comparison_events",
    "comparison_times",
    "decisions_of",
    "event",
    "events",
    "has_carried",
    "has_content",
    "latest_call",
    "refusals",
    "request_count",
    "scored_calls",
    "sealed_content",
    "served_models",
    "spent_usd",
    "stored_content_bytes",
    "tag_names",
    "unit_ends",
    "unit_events",
]
ANY = EventFilter()


def events(wanted: EventFilter = ANY) -> QuerySet[UsageEvent]:
    """The request log of the current organization, newest first."""
    return find_events(wanted)


def latest_call() -> UsageEvent | None:
    """The newest call that somebody sent to the gateway, however it ended."""
    return find_events(EventFilter(kind="live")).first()


def event(event_id: UUID) -> UsageEvent:
    """One event of the current organization. Raises UsageEvent.DoesNotExist."""
    return find_events(ANY).filter(pk=event_id).order_by("-started_at")[:1].get()


def adjustments(call: UsageEvent) -> QuerySet[Adjustment]:
    """What later prices of a call changed, the first one first: differences to the one before."""
    found = Adjustment.objects.filter(started_at=call.started_at, event_id=call.pk)
    return found.order_by("journal_id")


def refusals() -> QuerySet[Refusal]:
    """Events of the current organization that were not stored, newest first."""
    return Refusal.objects.order_by("-refused_at", "-id")


def sealed_content(event_id: UUID) -> bytes | None:
    """The stored content of a call, sealed; None when there is none."""
    row = StoredContent.objects.filter(pk=event_id).first()
    return bytes(row.sealed) if row else None


def has_content(event_id: UUID) -> bool:
    """Whether what was asked and answered is kept."""
    return StoredContent.objects.filter(pk=event_id).exists()


def stored_content_bytes() -> int:
    """What the kept prompts and answers of the current organization take, sealed."""
    found = StoredContent.objects.aggregate(total=Sum(Length("sealed")))
    return found["total"] or 0
