"""What a limit says, and in which units and windows it is counted.

Counters are whole numbers: requests, tokens, calls, and 10^-9 US dollars, rounded up. A double, as
Lua has, holds such dollars exactly up to nine million.
"""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from math import inf
from typing import NamedTuple

from apps.tenants.access import Limit

REQUESTS, TOKENS, CONCURRENCY, BUDGET = range(4)
UNITS = {
    "requests_per_minute": REQUESTS,
    "tokens_per_minute": TOKENS,
    "concurrency": CONCURRENCY,
    "budget_usd": BUDGET,
}
NANO = Decimal(10) ** 9
FOREVER = "total"
_DAY = timedelta(days=1)


class Window(NamedTuple):
    """A half-open period of a budget in UTC: its name, and its bounds in Unix seconds."""

    name: str
    start_s: float
    end_s: float

    def __contains__(self, at_s: object) -> bool:
        return isinstance(at_s, float) and self.start_s <= at_s < self.end_s


ALWAYS = Window(FOREVER, -inf, inf)


def window_of(limit: Limit, at: datetime) -> Window:
    """The window of `limit` in which `at` (aware UTC) lies; rates and concurrency have but one."""
    if limit.kind != "budget_usd" or limit.window in {None, FOREVER}:
        return ALWAYS
    minute = at.replace(second=0, microsecond=0)
    day = minute.replace(hour=0, minute=0)
    if limit.window == "minute":
        return _between(f"{minute:%Y%m%dT%H%M}", minute, minute + timedelta(minutes=1))
    if limit.window == "day":
        return _between(f"{day:%Y%m%d}", day, day + _DAY)
    month = day.replace(day=1)
    return _between(f"{month:%Y%m}", month, (month + 31 * _DAY).replace(day=1))


def _between(name: str, start: datetime, end: datetime) -> Window:
    return Window(name, start.timestamp(), end.timestamp())


def nano_usd(usd: Decimal) -> int:
    """US dollars in 10^-9 dollars, rounded up: what is counted is never less than what is spent."""
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def counted(limit: Limit) -> int:
    """The limit's amount in the unit in which it is counted."""
    return int(limit.amount * NANO) if limit.kind == "budget_usd" else int(limit.amount)
