"""One period closed: ledger, audit, what both prove, and the fee.

proven = the period's increment of max(0, lower bound since the experiment began). claim = the
lesser of ledger and proven, plus what earlier periods fell short. Billed is the claim, or nothing:
what is below zero is carried to the next period. So all that was ever billed is at most the bound,
and at most the ledger, apart from a shortfall that stands on the statement until it is made up.

A statement covers exactly one period, which begins where the last one ended: no window can be
picked, none counted twice. There is no figure for a year.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.attribution.estimators.views import split
from apps.attribution.sequences import Bound, Sums, interval, lower_bound
from apps.kernel.errors import NetraError
from apps.kernel.money import round_to_minor

ATOMS_PER_NANO = 10**9  # prices are whole atoms (10^-18 USD), savings whole nanos (10^-9 USD)
_FEE_PLACES = 13  # nanos times basis points


class NotTheNextPeriod(NetraError):
    code = "not_the_next_period"
    http_status = 409

    def __init__(self, expected: datetime, given: datetime) -> None:
        super().__init__(
            f"The last statement ends at {expected.isoformat()}, this one would begin at"
            f" {given.isoformat()}. Close the period in between first."
        )


@dataclass(frozen=True, slots=True)
class Contract:
    """bound: what is billed on; fee_bp: basis points of what is billed that are the fee."""

    bound: Bound
    fee_bp: int = 2_000


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open, aware UTC; number: 1, 2, … within the experiment."""

    number: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen. saved: sums of the scores since the experiment began, up to this period's end.

    paid_atoms: what the period's calls cost. ledger_atoms: what each lever saved by the ledger.
    is_paused: units were lost from the draw, so that the audit proves nothing for now.
    comparisons_atoms: what of paid_atoms was spent to compare answers; off `saved` already.
    """

    saved: Sums
    paid_atoms: int
    ledger_atoms: Mapping[str, int]
    units: int
    held_out: int
    is_paused: bool = False
    comparisons_atoms: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """What a statement hands to the next. Nanos, but for the fee's remainder (10^-13 USD).

    proven: the bound so far, >= 0; audited: the estimate so far; shortfall <= 0.
    """

    number: int = 0
    ends_at: datetime | None = None
    audited: int = 0
    proven: int = 0
    shortfall: int = 0
    fee_remainder: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """Amounts in nano US dollars, but for `_atoms` (10^-18 USD) and `_minor` (cents).

    audited: the period's estimate. since_start: low and high of all that was saved so far.
    estimated: what the ledger shows beyond what is billed; never invoiced.
    """

    period: Period
    paid_atoms: int
    ledger_atoms: Mapping[str, int]
    untouched_atoms: int
    audited: int
    since_start: tuple[int, int] | None
    proven: int
    billed: int
    billed_by_lever: Mapping[str, int]
    estimated: int
    fee_minor: int
    is_paused: bool
    units: int
    held_out: int
    comparisons_atoms: int = 0
    carried: Carried = field(default_factory=Carried)


def close(period: Period, evidence: Evidence, contract: Contract, before: Carried) -> Statement:
    """The statement of the period that follows `before`. Raises NotTheNextPeriod."""
    _require_next(period, before)
    ledger_atoms = sum(evidence.ledger_atoms.values())
    ledger = ledger_atoms // ATOMS_PER_NANO
    proven_so_far = max(lower_bound(evidence.saved, contract.bound) or 0, 0)
    proven = proven_so_far - before.proven
    claim = _claim(ledger, proven, before.shortfall, is_paused=evidence.is_paused)
    billed = max(claim, 0)
    fee_minor, remainder = _fee(billed, contract.fee_bp, before.fee_remainder)
    return Statement(
        period=period,
        paid_atoms=evidence.paid_atoms,
        ledger_atoms=dict(evidence.ledger_atoms),
        untouched_atoms=evidence.paid_atoms + ledger_atoms,
        audited=evidence.saved.total - before.audited,
        since_start=interval(evidence.saved, contract.bound),
        proven=proven,
        billed=billed,
        billed_by_lever=split(billed, evidence.ledger_atoms),
        estimated=max(ledger - billed, 0),
        fee_minor=fee_minor,
        is_paused=evidence.is_paused,
        units=evidence.units,
        held_out=evidence.held_out,
        comparisons_atoms=evidence.comparisons_atoms,
        carried=Carried(
            period.number, period.ends_at, evidence.saved.total, proven_so_far, min(claim, 0),
            remainder,
        ),
    )  # fmt: skip


def _require_next(period: Period, before: Carried) -> None:
    if before.ends_at is not None and before.ends_at != period.starts_at:
        raise NotTheNextPeriod(before.ends_at, period.starts_at)
    if before.number + 1 != period.number or period.ends_at <= period.starts_at:
        raise ValueError(f"Period {period.number} cannot follow period {before.number}.")


def _claim(ledger: int, proven: int, shortfall: int, *, is_paused: bool) -> int:
    lesser = min(ledger, proven)
    return shortfall + (min(lesser, 0) if is_paused else lesser)


def _fee(billed: int, fee_bp: int, remainder: int) -> tuple[int, int]:
    """Cents, rounded once, and the remainder to carry, in 10^-13 USD."""
    exact = Decimal(billed * fee_bp + remainder).scaleb(-_FEE_PLACES)
    rounded = round_to_minor(exact, "USD")
    return rounded.amount_minor, int(rounded.remainder.scaleb(_FEE_PLACES))
