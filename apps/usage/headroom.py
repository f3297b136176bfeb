"""How much of each limit is used, from the stored sums.

The gateway counts exactly and at once; these figures are a second behind it and cost it nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.tenants.models import Limit, LimitKind, Window
from apps.usage.services.budgets import window_bounds
from apps.usage.store import Carried, carried_in_days, carried_in_minutes, month_of, next_month

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Headroom:
    """used: in the limit's unit; of limits a minute, in the last whole minute; None where nothing
    is stored that could tell. resets_at: None for what never begins anew, or does all the time.
    """

    limit: Limit
    used: Decimal | None
    resets_at: datetime | None

    @property
    def share(self) -> Decimal | None:
        """Of the amount; more than 1 beyond it."""
        return None if self.used is None else self.used / self.limit.amount


def headroom(rows: Sequence[Limit], *, at: datetime) -> list[Headroom]:
    """Each limit in its window of `at`, in their order; inside the organization's scope."""
    windows = {str(row.window) for row in rows}
    known = {window: _carried(window, at) for window in windows if window in _COUNTED}
    return [Headroom(row, _used(row, known), _resets_at(row, at)) for row in rows]


def _carried(window: str, at: datetime) -> list[Carried]:
    if window == Window.MINUTE:
        minute = at.replace(second=0, microsecond=0)
        return carried_in_minutes(minute - _MINUTE, minute)
    start = max(window_bounds(window, at)[1], _EARLIEST)
    return carried_in_days(start, at)


_COUNTED = {str(window) for window in Window}
_COUNTS: dict[str, Callable[[Carried], Decimal]] = {
    LimitKind.BUDGET_USD: lambda each: each.usd,
    LimitKind.REQUESTS_PER_MINUTE: lambda each: Decimal(each.calls),
    LimitKind.TOKENS_PER_MINUTE: lambda each: Decimal(each.tokens),
}


def _used(row: Limit, known: dict[str, list[Carried]]) -> Decimal | None:
    count = _COUNTS.get(row.kind)
    if count is None:
        return None
    return sum(map(count, _of_subject(row, known[str(row.window)])), Decimal(0))


def _of_subject(row: Limit, found: Iterable[Carried]) -> Iterable[Carried]:
    if row.api_key_id:
        return (each for each in found if each.api_key_id == row.api_key_id)
    if row.project_id:
        return (each for each in found if each.project_id == row.project_id)
    return found


def _resets_at(row: Limit, at: datetime) -> datetime | None:
    if row.window == Window.DAY:
        return window_bounds(Window.DAY, at)[1] + timedelta(days=1)
    return next_month(month_of(at)).start if row.window == Window.MONTH else None
