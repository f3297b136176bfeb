"""What the units of an experiment did: the events of one period, told by unit."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Max, QuerySet

from apps.kernel.tokens import BUCKETS
from apps.usage.models import UsageEvent

_CHUNK = 2_000
# Calls of customers, also those that were answered later.
_THEIRS = ("live", "batch")
# Calls of ours, made to compare answers.
_COMPARISONS = ("shadow", "judge")
_TOLD = (
    "id", "started_at", "unit", "arm", "is_triggered", "project_id", "provider", "served_model",
    "requested_model", "attempts", "outcome", "tier", "region", "units", *BUCKETS, "features",
    "decomposition", "untouched",
)  # fmt: skip


def unit_ends(period_id: UUID) -> Iterator[tuple[str, datetime]]:
    """Each unit of a period and when its last call began, by name."""
    ends = _of(period_id).values("unit").annotate(last_at=Max("started_at")).order_by("unit")
    found = ends.values_list("unit", "last_at").iterator(chunk_size=_CHUNK)
    return ((str(unit), last_at) for unit, last_at in found)


def unit_events(period_id: UUID, units: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The calls of some units of a period by unit, then time, as they were when they passed:
    `actual_usd` and `price_version` are those before any adjustment.
    """
    rows = _of(period_id).filter(unit__in=units).order_by("unit", "started_at", "id")
    return _told(rows)


def comparison_times(period_id: UUID, *, until: datetime) -> Iterator[tuple[UUID, datetime]]:
    """Each call that was made to compare answers while a period ran, and when; before `until`."""
    rows = _compared(period_id).filter(started_at__lt=until).order_by("started_at", "id")
    found: Iterator[tuple[UUID, datetime]] = rows.values_list("id", "started_at").iterator(
        chunk_size=_CHUNK
    )
    return found


def comparison_events(period_id: UUID, ids: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Some of them by time, told as `unit_events` does."""
    return _told(_compared(period_id).filter(pk__in=ids).order_by("started_at", "id"))


def _told(rows: QuerySet[UsageEvent]) -> Iterator[dict[str, Any]]:
    first = {"actual_usd": F("first_actual_usd"), "price_version": F("first_price_version")}
    told: Iterator[dict[str, Any]] = rows.values(*_TOLD, **first).iterator(chunk_size=_CHUNK)
    return told


def _compared(period_id: UUID) -> QuerySet[UsageEvent]:
    return UsageEvent.objects.filter(period_id=period_id, kind__in=_COMPARISONS)


def _of(period_id: UUID) -> QuerySet[UsageEvent]:
    return UsageEvent.objects.filter(period_id=period_id, unit__isnull=False, kind__in=_THEIRS)
