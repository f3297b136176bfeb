"""What may be asked of value: days of the organization, and whose calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.usage.querying import InvalidQuery, UsageQuery

# Whose calls are served, and what comparing answers costs beside them.
CUSTOMERS_KINDS, OVERHEAD_KINDS = ("live", "batch"), ("shadow", "judge")
MOST_DAYS, MOST_WEEKS_DAYS = 92, 400
USUAL_DAYS = 30
FIRST_YEAR, LAST_YEAR = 2020, 2200
_DAY = timedelta(days=1)
# Fields that narrow the figures, as the dimensions of usage are called.
_NARROWING = ("project_id", "api_key_id", "requested_model", "end_user", "tag")


@dataclass(frozen=True, slots=True)
class ValueQuery:
    """Whole days from `first` to `last`, both included, by the clocks of `zone`.

    tag: the value of the tag `tag_name`. compares: with the window before. Raises InvalidQuery.
    """

    first: date
    last: date
    zone: ZoneInfo
    project_id: UUID | None = None
    api_key_id: UUID | None = None
    requested_model: str | None = None
    end_user: str | None = None
    tag_name: str | None = None
    tag: str | None = None
    compares: bool = True

    def __post_init__(self) -> None:
        if (self.tag_name is None) != (self.tag is None):
            raise InvalidQuery("Name a tag and its value, or neither.")
        if self.last < self.first:
            raise InvalidQuery("The last day must not be before the first.")
        if self.first.year < FIRST_YEAR or self.last.year > LAST_YEAR:
            raise InvalidQuery(f"Name days of {FIRST_YEAR} to {LAST_YEAR}.")

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return self._midnight(self.first)

    @property
    def until(self) -> datetime:
        """When the last day is over."""
        return self._midnight(self.last + _DAY)

    @property
    def granularity(self) -> str:
        """The buckets that leave a picture readable."""
        days = (self.last - self.first).days + 1
        if days == 1:
            return "hour"
        return "day" if days <= MOST_DAYS else "week" if days <= MOST_WEEKS_DAYS else "month"

    @property
    def narrowed(self) -> tuple[str, ...]:
        """What it is narrowed by."""
        return tuple(name for name in _NARROWING if getattr(self, name) is not None)

    @property
    def is_provable(self) -> bool:
        """Whether experiments can answer: they are of a project or of everything."""
        return set(self.narrowed) <= {"project_id"}

    def usage(self, **fields: Any) -> UsageQuery:
        """The question to the rollups, narrowed alike. Raises InvalidQuery."""
        filters = dict(self._filters()) | fields.pop("filters", {})
        known: dict[str, Any] = {"zone": self.zone, "filters": filters, "tag": self.tag_name}
        if self.compares:
            known["compare"] = "previous"
        return UsageQuery(since=self.since, until=self.until, **(known | fields))

    def _filters(self) -> Iterator[tuple[str, list[str]]]:
        for name in self.narrowed:
            yield name, [str(getattr(self, name))]

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)


def usual_days(first: date | None, last: date | None, *, today: date) -> tuple[date, date]:
    """What is meant where a day is not named: the 30 days up to the last, which is today."""
    last = last or today
    return first or date.fromordinal(max(last.toordinal() - USUAL_DAYS + 1, 1)), last
