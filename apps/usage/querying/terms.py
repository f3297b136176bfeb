"""What may be asked of usage: measures by dimensions, in a window, at a granularity."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from apps.kernel.errors import NetraError
from apps.kernel.tokens import BUCKETS, INPUT_BUCKETS, OUTPUT_BUCKETS
from apps.usage.store.measures import ALL_SUMS
from apps.usage.store.sources import ALL_DIMENSIONS

TAG = "tag"
DIMENSIONS = ALL_DIMENSIONS
_TOKENS = {"tokens": BUCKETS, "input_tokens": INPUT_BUCKETS, "generated_tokens": OUTPUT_BUCKETS}
# Measure → the columns whose sum it is.
SUMMED: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ALL_SUMS},
    **{name: tuple(f"{bucket}_tokens" for bucket in of) for name, of in _TOKENS.items()},
}
PERCENTILES: Mapping[str, float] = {
    "latency_p50_ms": 0.5, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99,
}  # fmt: skip
MEASURES = (*SUMMED, *PERCENTILES)
# Granularity → the longest window.
GRANULARITIES: Mapping[str, timedelta] = {
    "total": timedelta(days=1100),
    "minute": timedelta(days=1),
    "hour": timedelta(days=93),
    "day": timedelta(days=1100),
    "week": timedelta(days=1100),
    "month": timedelta(days=1100),
}
COMPARISONS = ("previous",)
MOST_DIMENSIONS, MOST_ROWS = 4, 10_000


class InvalidQuery(NetraError):
    code = "invalid_query"
    http_status = 400
    message = "This cannot be asked of usage. See the reference for what goes together."


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """since, until: aware, half-open, at whole minutes. filters: dimension → any of its values.

    Calls of the kind "import" count only when a filter names that kind. By "lever", a call counts
    for each lever that saved on it. tag: the name of the tag that the dimension or filter "tag" is
    about. compare: None or "previous", the window of equal length before. Raises InvalidQuery.
    """

    measures: Sequence[str]
    since: datetime
    until: datetime
    dimensions: Sequence[str] = ()
    granularity: str = "total"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tag: str | None = None
    compare: str | None = None

    def __post_init__(self) -> None:
        _known("measure", self.measures, MEASURES)
        _known("dimension", (*self.dimensions, *self.filters), DIMENSIONS)
        _known("granularity", (self.granularity,), GRANULARITIES)
        _known("comparison", (self.compare,) if self.compare else (), COMPARISONS)
        self._check_shape()
        self._check_window()

    def _check_shape(self) -> None:
        if not self.measures:
            _refuse(f"Name a measure: {', '.join(MEASURES)}")
        if len(self.dimensions) > MOST_DIMENSIONS:
            _refuse(f"Use at most {MOST_DIMENSIONS} dimensions")
        for named in (self.measures, self.dimensions):
            if len(set(named)) < len(named):
                _refuse("Name each measure and each dimension once")
        if (TAG in {*self.dimensions, *self.filters}) != (self.tag is not None):
            _refuse("Name the tag in tag when tag is a dimension, and not otherwise")

    def _check_window(self) -> None:
        if self.since.tzinfo is None or self.until.tzinfo is None:
            _refuse("since and until must name their offset from UTC")
        if not self.since < self.until:
            _refuse("since must be before until")
        if self.until - self.since > GRANULARITIES[self.granularity]:
            longest = GRANULARITIES[self.granularity].days
            _refuse(f"A window by {self.granularity} has at most {longest} days")
        if any(each.second or each.microsecond for each in (self.since, self.until)):
            _refuse("since and until must be whole minutes")


def _known(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    strange = sorted(set(given) - set(allowed))
    if strange:
        _refuse(f"There is no {what} {', '.join(strange)}; there are {', '.join(allowed)}")


def _refuse(why: str) -> NoReturn:
    raise InvalidQuery(f"{why}.")
