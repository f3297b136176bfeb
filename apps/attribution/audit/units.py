"""A closed unit as its row tells it: arm, what was expected, every call and its price."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ATOMS_PER_NANO = 10**9


@dataclass(frozen=True, slots=True)
class Charge:
    """Tokens by bucket, and units that are none, at the rate of a rate document."""

    rate_id: str
    tokens: Mapping[str, int]
    units: Mapping[str, int]

    def to_list(self) -> list[Any]:
        return [self.rate_id, dict(self.tokens), dict(self.units)]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. paid, untouched: its charges as they were, and as they would have been.

    Amounts in atoms (10^-18 USD); levers sum to untouched_atoms - paid_atoms.
    """

    event_id: str
    paid: tuple[Charge, ...]
    paid_atoms: int
    untouched: tuple[Charge, ...]
    untouched_atoms: int
    levers: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        return {
            "event": self.event_id,
            "paid": [charge.to_list() for charge in self.paid],
            "paid_atoms": self.paid_atoms,
            "untouched": [charge.to_list() for charge in self.untouched],
            "untouched_atoms": self.untouched_atoms,
            "levers": dict(self.levers),
        }


@dataclass(frozen=True)
class ClosedUnit:
    """A conversation after its last call. expected_*: nano US dollars, known before its outcome.

    stratum: any whole number, what its expectations are learnt with. segment: for views.
    """

    unit: str
    is_treated: bool
    is_triggered: bool
    stratum: int
    segment: str
    expected_plain: int
    expected_levered: int
    calls: tuple[Call, ...]

    @cached_property
    def paid_atoms(self) -> int:
        return sum(call.paid_atoms for call in self.calls)

    @cached_property
    def untouched_atoms(self) -> int:
        return sum(call.untouched_atoms for call in self.calls)

    @property
    def arm(self) -> str:
        return "treatment" if self.is_treated else "holdout"


def spent_nanos(comparison: Call) -> int:
    """What a call made to compare answers cost, in nano US dollars, rounded up."""
    return -(-comparison.paid_atoms // ATOMS_PER_NANO)


def nanos(atoms: int) -> int:
    """Atoms in nano US dollars, the half rounded up: alike in both arms."""
    return (atoms + ATOMS_PER_NANO // 2) // ATOMS_PER_NANO
