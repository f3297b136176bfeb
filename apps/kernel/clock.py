"""Time: aware UTC instants and half-open periods."""

from dataclasses import dataclass
from datetime import UTC, datetime


class NaiveTime(ValueError):
    """A datetime without a time zone reached a place that stores or compares instants."""


def utc_now() -> datetime:
    """The present instant, aware, in UTC. Called at the edges only; inside, `at` is passed in."""
    return datetime.now(UTC)


def require_aware(at: datetime) -> datetime:
    """Return `at` in UTC. Raises NaiveTime when it has no time zone."""
    if at.tzinfo is None:
        raise NaiveTime("Give an aware datetime, for example datetime.now(UTC).")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """The half-open period [start, end), both aware.

    Raises ValueError when `end` is not after `start`, NaiveTime for a naive bound.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if require_aware(self.end) <= require_aware(self.start):
            raise ValueError("A period must end after it starts.")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= require_aware(at) < self.end
