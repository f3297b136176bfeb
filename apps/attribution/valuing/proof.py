"""What experiments say of a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.attribution.models import Experiment, SavingsStatement
from apps.attribution.statements import amounts, usd
from apps.attribution.statements.figures import Point


@dataclass(frozen=True, slots=True)
class ExperimentValue:
    """points: what is known since it began, day by day; none before the first. US dollars."""

    experiment: Experiment
    points: Sequence[Point] = ()

    @property
    def last(self) -> Point | None:
        """What is known now."""
        return self.points[-1] if self.points else None

    @property
    def units(self) -> int:
        """Conversations that were compared."""
        return self.last.units if self.last else 0

    @property
    def terms(self) -> Mapping[str, Any]:
        """The contract as archives hold it; empty before anything was sealed."""
        log = getattr(self.experiment, "log", None)
        return log.terms if log else {}

    @property
    def saved_usd(self) -> Decimal | None:
        return usd(self.last.audited) if self.last else None

    @property
    def low_usd(self) -> Decimal | None:
        return None if self.last is None or self.last.low is None else usd(self.last.low)

    @property
    def high_usd(self) -> Decimal | None:
        return None if self.last is None or self.last.high is None else usd(self.last.high)


@dataclass(frozen=True, slots=True)
class ProvenValue:
    """statements: of the periods that ended in the window, so that each counts in one window of a
    row of them; before: in the window before. experiments: those that are asked about.
    """

    statements: Sequence[SavingsStatement]
    before: Sequence[SavingsStatement]
    experiments: Sequence[ExperimentValue]

    @property
    def proven_usd(self) -> Decimal | None:
        """None before the first statement."""
        return _proven(self.statements)

    @property
    def before_usd(self) -> Decimal | None:
        return _proven(self.before)


def _proven(statements: Sequence[SavingsStatement]) -> Decimal | None:
    if not statements:
        return None
    return sum((amounts(each.document).proven for each in statements), Decimal(0))
