"""What new events sum to, for the books."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from apps.kernel.tokens import BUCKETS
from apps.usage.store.adding import summed
from apps.usage.store.counting import Counted, Sums
from apps.usage.store.measures import ALL_SUMS

_CALLS, _UNPRICED, _ACTUAL, _SAVED = (
    list(ALL_SUMS).index(name) for name in ("calls", "unpriced_calls", "actual_usd", "saved_usd")
)
_FIRST = list(ALL_SUMS).index(f"{BUCKETS[0]}_tokens")
_TOKENS = slice(_FIRST, _FIRST + len(BUCKETS))


@dataclass(frozen=True, slots=True)
class Total:
    """The new events of one project, kind and day (UTC); they started in [first_at, last_at]."""

    project_id: UUID
    kind: str
    date: date
    first_at: datetime
    last_at: datetime
    calls: int
    unpriced_calls: int
    tokens: int
    spend_usd: Decimal
    saved_usd: Decimal


def totals_of(events: Iterable[Counted]) -> list[Total]:
    """Sums of events by project, kind and day, in this order."""
    lines: defaultdict[tuple[str, str, date], list[Sums]] = defaultdict(list)
    times: defaultdict[tuple[str, str, date], list[datetime]] = defaultdict(list)
    for event in events:
        key = event.series[0], event.series[5], event.started_at.date()
        lines[key].append(event.sums)
        times[key].append(event.started_at)
    sums = summed(lines)
    return [_total(key, times[key], sums[key]) for key in sorted(sums)]


def _total(key: tuple[str, str, date], times: list[datetime], sums: Sums) -> Total:
    project_id, kind, on = key
    return Total(
        UUID(project_id), kind, on, min(times), max(times),
        calls=int(sums[_CALLS]),
        unpriced_calls=int(sums[_UNPRICED]),
        tokens=int(sum(sums[_TOKENS])),
        spend_usd=Decimal(sums[_ACTUAL]),
        saved_usd=Decimal(sums[_SAVED]),
    )  # fmt: skip
