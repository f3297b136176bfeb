"""What an event counts for, worked out where it is read: what rollups, facets and books add up.

`measures` says the same in SQL of rows that are stored; a test holds both side by side. Here it
costs a tenth, for the event is at hand, and nobody has to find out again which ones are new.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from apps.kernel.events import OUTCOMES
from apps.usage.store.measures import ALL_SUMS, DURATION_FIELDS, LONGEST_MS, bin_of

# Sums of what is less fit their columns, so that a provider that reports absurd counts cannot stop
# those of everybody's later calls.
MOST_USD = Decimal(10**9)
# Amounts have 38 digits, 18 of them decimals, and half is rounded up as Postgres does it. Python's
# own 28 digits would round their sums.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
NOBODY = "00000000-0000-0000-0000-000000000000"
# Callers choose names, and an index does not take endless ones.
LONGEST_NAME = 120
_ATOM = Decimal("1e-18")
_names = itemgetter("provider", "requested_model", "served_model", "kind", "arm")
_spans = itemgetter(*DURATION_FIELDS)
_OUTCOMES = {name: tuple(int(name == each) for each in OUTCOMES) for name in OUTCOMES}
_NO_OUTCOME = (0,) * len(OUTCOMES)
_SAVED = list(ALL_SUMS).index("saved_usd")

Sums = tuple[int | Decimal, ...]
Series = tuple[str, ...]


class Counted(NamedTuple):
    """sums: one for each of ALL_SUMS. bin: of its latency, 0 without one.

    series: what rollups tell calls apart by, but the lever. parts: lever → what it saved in USD.
    """

    started_at: datetime
    series: Series
    sums: Sums
    bin: int
    parts: dict[str, Decimal]
    end_user: str | None
    tags: Mapping[str, Any]

    def lines(self) -> Iterator[tuple[Series, Sums]]:
        """The series in which it counts: that of all calls, and one for each of its levers."""
        yield (*self.series, ""), self.sums
        for lever, saved in self.parts.items():
            sums = (*self.sums[:_SAVED], saved, *self.sums[_SAVED + 1 :])
            yield (*self.series, lever[:LONGEST_NAME]), sums


def counted(given: Mapping[str, Any], counts: tuple[int, ...], started_at: datetime) -> Counted:
    """Of the fields of an event, its counts in the order of BUCKETS.

    Raises ValueError, TypeError or ArithmeticError for what no event says.
    """
    total_ms = given["total_ms"]
    return Counted(
        started_at,
        _series(given),
        (*_calls(given), *counts, *_amounts(given), *_durations(given)),
        0 if total_ms is None else bin_of(total_ms),
        {lever: _usd(saved) or Decimal(0) for lever, saved in given["decomposition"].items()},
        given["end_user"],
        given["tags"],
    )


def _series(given: Mapping[str, Any]) -> Series:
    key = given["api_key_id"]
    ids = (_id(given["project_id"]), NOBODY if key is None else _id(key))
    return (*ids, *[(name or "")[:LONGEST_NAME] for name in _names(given)])


@lru_cache(maxsize=10_000)
def _id(text: str) -> str:
    return str(UUID(text))


def _calls(given: Mapping[str, Any]) -> Sums:
    outcome, is_estimated = given["outcome"], given["is_estimated"]
    if not isinstance(is_estimated, bool):
        raise TypeError("is_estimated is neither true nor false")
    is_unpriced = given["actual_usd"] is None and outcome != "refused"
    return (1, *_OUTCOMES.get(outcome, _NO_OUTCOME), int(is_unpriced), int(is_estimated))


def _amounts(given: Mapping[str, Any]) -> Sums:
    actual, untouched = _usd(given["actual_usd"]), _usd(given["counterfactual_usd"])
    saved = 0 if actual is None or untouched is None else EXACT.subtract(untouched, actual)
    return actual or 0, untouched or 0, saved


def _usd(given: str | None) -> Decimal | None:
    """As its column holds it."""
    if given is None:
        return None
    amount = Decimal(str(given))
    if not -MOST_USD <= amount <= MOST_USD:
        raise ValueError(f"a call of more than {MOST_USD} USD")
    return amount.quantize(_ATOM, context=EXACT)


def _durations(given: Mapping[str, Any]) -> Sums:
    known = _spans(given)
    if None not in known:
        return (1, 1, 1, *map(_us, known))
    return (*[int(ms is not None) for ms in known], *[0 if ms is None else _us(ms) for ms in known])


def _us(ms: float) -> int:
    return round(min(max(ms, 0), LONGEST_MS) * 1000)
