"""What gateways know of experiments: plain values, built by selectors, read on the hot path."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.kernel.plain import Plain

PART = "experiments"


@dataclass(frozen=True, slots=True)
class PeriodAccess(Plain):
    """One period [starts_at, ends_at) of an experiment, whose shares do not change within it.

    project_id: None is the whole organization. holdout_percent: of the units that take part.
    ramp_percent: of the traffic that takes part.
    """

    id: UUID
    experiment_id: UUID
    project_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    holdout_percent: int
    ramp_percent: int
    salt: bytes = field(repr=False)

    @property
    def propensity(self) -> float:
        """The probability that a unit that takes part is treated."""
        return (100 - self.holdout_percent) / 100


@dataclass(frozen=True, slots=True)
class Experiments(Plain):
    """The periods of one organization that run or are to come."""

    periods: tuple[PeriodAccess, ...] = ()

    def running(self, *, project_id: UUID, at: datetime) -> PeriodAccess | None:
        """The period of the project's own experiment, else of the organization's."""
        if not self.periods:
            return None
        now = [each for each in self.periods if each.starts_at <= at < each.ends_at]
        own = (each for each in now if each.project_id == project_id)
        return next(own, None) or next((each for each in now if each.project_id is None), None)

    def period(self, period_id: UUID) -> PeriodAccess | None:
        """The one of that id."""
        return next((each for each in self.periods if each.id == period_id), None)
