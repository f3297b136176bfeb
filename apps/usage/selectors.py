"""Reads: bounded by the caller's page and totally ordered."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.usage.models import Refusal, StoredContent, UsageEvent
from apps.usage.store import EventFilter, find_events
from apps.usage.store.queries import MEASURES, Answer, AnswerRow, InvalidQuery, Query, answer
from apps.usage.store.sources import ALL_DIMENSIONS, EVENT_DIMENSIONS

__all__ = [
    "ALL_DIMENSIONS",
    "ANY",
    "EVENT_DIMENSIONS",
    "MEASURES",
    "Answer",
    "AnswerRow",
    "EventFilter",
    "InvalidQuery",
    "Query",
    "event",
    "events",
    "refusals",
    "sealed_content",
    "usage",
]
ANY = EventFilter()


def usage(query: Query, *, at: datetime) -> Answer:
    """Measures by dimensions of the current organization, from the cheapest tables that have them.

    at: now; sums by minute older than NETRA_MINUTE_RETENTION_DAYS are not relied on. Raises
    InvalidQuery.
    """
    kept = timedelta(days=settings.MINUTE_RETENTION_DAYS)
    return answer(query, minutes_since=at - kept)


def events(wanted: EventFilter = ANY) -> QuerySet[UsageEvent]:
    """The request log of the current organization, newest first."""
    return find_events(wanted)


def event(event_id: UUID) -> UsageEvent:
    """One event of the current organization. Raises UsageEvent.DoesNotExist."""
    return UsageEvent.objects.filter(pk=event_id).order_by("-started_at")[:1].get()


def refusals() -> QuerySet[Refusal]:
    """Events of the current organization that were not stored, newest first."""
    return Refusal.objects.order_by("-refused_at", "-id")


def sealed_content(event_id: UUID) -> bytes | None:
    """The stored content of a call, sealed; None when there is none."""
    row = StoredContent.objects.filter(pk=event_id).first()
    return bytes(row.sealed) if row else None
