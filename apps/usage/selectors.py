"""Reads: bounded by the caller's page and totally ordered."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from apps.usage.models import Refusal, StoredContent, UsageEvent
from apps.usage.store import (
    EventFilter,
    SearchTooWide,
    Spending,
    bounded,
    count_events,
    find_events,
    spent_usd,
    sum_spending,
)
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
    "SearchTooWide",
    "Spending",
    "bounded",
    "event",
    "events",
    "refusals",
    "request_count",
    "sealed_content",
    "spending",
    "spent_usd",
    "stored_content_bytes",
    "usage",
]
# What passed through the gateway for the customer; shadows and judges are our own doing.
CARRIED = ("live", "batch")
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


def stored_content_bytes() -> int:
    """What the kept prompts and answers of the current organization take, sealed."""
    found = StoredContent.objects.aggregate(total=Sum(Length("sealed")))
    return found["total"] or 0


def request_count(*, since: datetime, until: datetime) -> int:
    """Calls of the current organization that started in [since, until)."""
    return count_events(CARRIED, since=since, until=until)


def spending(*, since: datetime, until: datetime) -> Iterator[Spending]:
    """What calls of the current organization cost that started in [since, until)."""
    return sum_spending(CARRIED, since=since, until=until)
