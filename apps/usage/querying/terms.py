"""What may be asked of usage: measures by dimensions, in a window, at a granularity."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from apps.kernel.errors import NetraError
from apps.kernel.tokens import BUCKETS, INPUT_BUCKETS, OUTPUT_BUCKETS
from apps.usage.store.measures import SUMS

AMOUNT = "_usd"  # how measures of money end
END_USER, TAG, LEVER = "end_user", "tag", "lever"
FACETS = (END_USER, TAG)
# What may stand beside a facet, whose sums are kept for little else.
BESIDE_FACETS = ("project_id", "kind")
DIMENSIONS = (
    "project_id", "api_key_id", "provider", "requested_model", "served_model", "kind", "arm",
    LEVER, *FACETS,
)  # fmt: skip
_TOKENS = {"tokens": BUCKETS, "input_tokens": INPUT_BUCKETS, "generated_tokens": OUTPUT_BUCKETS}
# Measure → the columns whose sum it is.
MEASURES: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in SUMS},
    **{name: tuple(f"{bucket}_tokens" for bucket in of) for name, of in _TOKENS.items()},
}
# Granularity → the longest window.
GRANULARITIES: Mapping[str, timedelta] = {
    "total": timedelta(days=1100),
    "minute": timedelta(days=1),
    "hour": timedelta(days=93),
    "day": timedelta(days=1100),
    "month": timedelta(days=1100),
}
COMPARISONS = ("previous",)
MOST_DIMENSIONS, MOST_ROWS = 4, 10_000
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidQuery(NetraError):
    code = "invalid_query"
    http_status = 400
    message = "This cannot be asked of usage. See the reference for what goes together."


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """since, until: aware, half-open, at whole minutes. filters: dimension → any of its values.

    tag: the name of the tag that the dimension or filter "tag" is about. compare: None or
    "previous", the window of equal length before. Raises InvalidQuery.
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
        if self.facet:
            self._check_facet(self.facet)

    @property
    def facet(self) -> str | None:
        """end_user or tag, when the query is about it."""
        return next((each for each in FACETS if each in self._used), None)

    @property
    def _used(self) -> tuple[str, ...]:
        return (*self.dimensions, *self.filters)

    def is_aligned(self, step: timedelta) -> bool:
        """Whether the window begins and ends at whole steps of UTC."""
        return all((each - _EPOCH) % step == timedelta(0) for each in (self.since, self.until))

    def _check_shape(self) -> None:
        if not self.measures:
            _refuse(f"Name a measure: {', '.join(MEASURES)}")
        if len(self.dimensions) > MOST_DIMENSIONS:
            _refuse(f"Use at most {MOST_DIMENSIONS} dimensions")
        for named in (self.measures, self.dimensions):
            if len(set(named)) < len(named):
                _refuse("Name each measure and each dimension once")

    def _check_window(self) -> None:
        if not self.since < self.until:
            _refuse("since must be before until")
        if self.until - self.since > GRANULARITIES[self.granularity]:
            longest = GRANULARITIES[self.granularity].days
            _refuse(f"A window by {self.granularity} has at most {longest} days")
        if not self.is_aligned(_MINUTE):
            _refuse("since and until must be whole minutes")

    def _check_facet(self, facet: str) -> None:
        strange = set(self._used) - {facet, *BESIDE_FACETS}
        if strange:
            _refuse(
                f"{facet} goes together with {' and '.join(BESIDE_FACETS)} only, and not with "
                f"{', '.join(sorted(strange))}"
            )
        if (facet == TAG) != (self.tag is not None):
            _refuse("Name the tag in tag when tag is a dimension, and not otherwise")
        if self.granularity in ("minute", "hour") or str(self.zone) != "UTC":
            _refuse(f"{facet} is counted by days of UTC: use total, day or month, and UTC")
        if not self.is_aligned(_DAY):
            _refuse(f"{facet} is counted by days of UTC: begin and end at midnight")


def _known(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    strange = sorted(set(given) - set(allowed))
    if strange:
        _refuse(f"There is no {what} {', '.join(strange)}; there are {', '.join(allowed)}")


def _refuse(why: str) -> NoReturn:
    raise InvalidQuery(f"{why}.")
