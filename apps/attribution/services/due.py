"""What of a period is to be sealed, by the day on which it was over."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from apps.attribution.models import Period, SealedRow
from apps.attribution.selectors import SEALED_FOR
from apps.attribution.services.logs import comparison_name
from apps.usage.selectors import comparison_times, unit_ends

# A unit is over when it was idle for so long, as gateways have it.
IDLE = timedelta(hours=24)
# Units, or comparisons, of one batch: as many as fit into memory with their calls.
MOST = 10_000


@dataclass(slots=True)
class Due:
    """units: those that were over on a day. comparisons: calls that compared answers on it."""

    day: date
    units: list[str] = field(default_factory=list)
    comparisons: list[UUID] = field(default_factory=list)


def due_batches(period: Period, *, at: datetime) -> Iterator[Due]:
    """In the order of days. What a unit does after it was sealed counts for nothing, in either arm;
    a comparison counts in the period in which it was made.
    """
    known = set(SealedRow.objects.filter(period=period).values_list("unit", flat=True))
    by_day: defaultdict[date, tuple[list[str], list[UUID]]] = defaultdict(lambda: ([], []))
    for day, unit in sorted(_units(period, known, at)):
        by_day[day][0].append(unit)
    for day, comparison in _comparisons(period, known, at):
        by_day[day][1].append(comparison)
    return chain.from_iterable(_batches(day, *by_day[day]) for day in sorted(by_day))


def _units(period: Period, known: set[str], at: datetime) -> Iterable[tuple[date, str]]:
    is_over = at >= period.ends_at + SEALED_FOR
    for unit, last_at in unit_ends(period.pk):
        if unit not in known and (is_over or last_at + IDLE <= at):
            yield min(last_at + IDLE, at).date(), unit


def _comparisons(period: Period, known: set[str], at: datetime) -> Iterable[tuple[date, UUID]]:
    for event_id, asked_at in comparison_times(period.pk, until=at):
        if comparison_name(str(event_id)) not in known:
            yield asked_at.date(), event_id


def _batches(day: date, units: list[str], comparisons: list[UUID]) -> Iterator[Due]:
    for first in range(0, max(len(units), len(comparisons)), MOST):
        part = slice(first, first + MOST)
        yield Due(day, units[part], comparisons[part])
