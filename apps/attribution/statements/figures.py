"""A statement's whole numbers as US dollars: exact, for everyone who shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

_NANO_PLACES, _ATOM_PLACES, _CENT_PLACES = -9, -18, -2


@dataclass(frozen=True, slots=True)
class Point:
    """What was known at a day's end since the experiment began, in nano US dollars.

    units: all sealed. low, high: None where too few were triggered to say anything.
    """

    day: date
    units: int
    audited: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Amounts:
    """A statement in US dollars. low, high: of all that was saved since the experiment began.
    comparisons: what of `paid` was spent to compare answers.
    """

    untouched: Decimal
    paid: Decimal
    ledger: Decimal
    ledger_by_lever: Mapping[str, Decimal]
    audited: Decimal
    low: Decimal | None
    high: Decimal | None
    proven: Decimal
    billed: Decimal
    billed_by_lever: Mapping[str, Decimal]
    estimated: Decimal
    shortfall: Decimal
    fee: Decimal
    comparisons: Decimal


def usd(nanos: int) -> Decimal:
    """US dollars of nano US dollars."""
    return Decimal(nanos).scaleb(_NANO_PLACES)


def amounts(document: Mapping[str, Any]) -> Amounts:
    """Of a statement's document (audit.statement_document)."""
    low_high = document["since_start"] or (None, None)
    by_lever = {lever: _of_atoms(each) for lever, each in document["ledger_atoms"].items()}
    return Amounts(
        untouched=_of_atoms(document["untouched_atoms"]),
        paid=_of_atoms(document["paid_atoms"]),
        ledger=_of_atoms(sum(document["ledger_atoms"].values())),
        ledger_by_lever=dict(sorted(by_lever.items())),
        audited=usd(document["audited"]),
        low=None if low_high[0] is None else usd(low_high[0]),
        high=None if low_high[1] is None else usd(low_high[1]),
        proven=usd(document["proven"]),
        billed=usd(document["billed"]),
        billed_by_lever={name: usd(each) for name, each in document["billed_by_lever"].items()},
        estimated=usd(document["estimated"]),
        shortfall=usd(document["shortfall"]),
        fee=usd_of_minor(document["fee_minor"]),
        comparisons=_of_atoms(document.get("comparisons_atoms", 0)),
    )


def usd_of_minor(cents: int) -> Decimal:
    """US dollars of cents."""
    return Decimal(cents).scaleb(_CENT_PLACES)


def _of_atoms(atoms: int) -> Decimal:
    return Decimal(atoms).scaleb(_ATOM_PLACES)
