"""The log of an experiment: batches scored, sealed and signed, and periods closed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.attribution.audit.encoding import canonical
from apps.attribution.audit.merkle import Tree, leaf_hash
from apps.attribution.audit.signing import Head, SignedHead, commitment_of
from apps.attribution.audit.units import ClosedUnit, nanos
from apps.attribution.estimators import MOST, Batch, Proof, SampleRatio, Scored, Terms
from apps.attribution.statements import Carried, Contract, Evidence, Period, Statement, close


@dataclass(frozen=True, slots=True)
class Opening:
    """A period as it begins. salt_hex stays with us until it is over."""

    period: Period
    holdout_bp: int
    salt_hex: str


@dataclass(slots=True)
class _Tally:
    """What the statement of the running period will need."""

    ratio: SampleRatio
    paid_atoms: int = 0
    ledger_atoms: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_paused: bool = False


class Journal:
    """Rows in memory; a service that keeps them in a table does the same steps.

    rows, heads and statements are append-only. Every unit's batch comes after the opening of its
    period, and the period closes after its last batch.
    """

    def __init__(
        self, organisation: str, experiment: str, contract: Contract, key: Ed25519PrivateKey
    ) -> None:
        self.organisation, self.experiment, self.contract = organisation, experiment, contract
        self.openings: list[Opening] = []
        self.rows: list[bytes] = []
        self.heads: list[SignedHead] = []
        self.statements: list[Statement] = []
        self.proof = Proof()
        self._key, self._tree, self._carried = key, Tree(), Carried()
        self._tally = _Tally(SampleRatio(0))

    @property
    def public_key_hex(self) -> str:
        return self._key.public_key().public_bytes_raw().hex()

    def open_period(self, opening: Opening) -> None:
        """Begin the next period; the share may change here and nowhere else."""
        self.openings.append(opening)
        self._tally = _Tally(SampleRatio(opening.holdout_bp))

    def close_batch(self, day: date, units: Sequence[ClosedUnit]) -> SignedHead:
        """Score and seal the units that closed on a day; the head to mail to the customer."""
        opening = self.openings[-1]
        terms = Terms(opening.holdout_bp, self.contract.bound.scale)
        scored = self.proof.add(_batch(units), terms)
        for place, unit in enumerate(units):
            self._append(unit, _row(unit, scored, place), opening.period.number)
        self._count(units)
        self.heads.append(self._head(opening, day).sign(self._key))
        return self.heads[-1]

    def close_period(self) -> Statement:
        """The statement of the period that is open."""
        tally, ratio = self._tally, self._tally.ratio
        evidence = Evidence(
            self.proof.saved, tally.paid_atoms, tally.ledger_atoms,
            ratio.held_out + ratio.treated, ratio.held_out, tally.is_paused,
        )  # fmt: skip
        statement = close(self.openings[-1].period, evidence, self.contract, self._carried)
        self._carried = statement.carried
        self.statements.append(statement)
        return statement

    def _append(self, unit: ClosedUnit, row: dict[str, Any], period: int) -> None:
        batch = len(self.heads) + 1
        line = canonical({**row, "batch": batch, "period": period, "row": len(self.rows)})
        self.rows.append(line)
        self._tree.append(leaf_hash(line))
        self._tally.paid_atoms += unit.paid_atoms
        for call in unit.calls:
            for lever, atoms in call.levers.items():
                self._tally.ledger_atoms[lever] += atoms

    def _count(self, units: Sequence[ClosedUnit]) -> None:
        treated = sum(unit.is_treated for unit in units)
        self._tally.ratio = self._tally.ratio.add(len(units) - treated, treated)
        self._tally.is_paused |= self._tally.ratio.is_off

    def _head(self, opening: Opening, day: date) -> Head:
        return Head(
            self.organisation,
            self.experiment,
            batch=len(self.heads) + 1,
            date=day.isoformat(),
            period=opening.period.number,
            holdout_bp=opening.holdout_bp,
            commitment=commitment_of(opening.salt_hex),
            terms=sha256(canonical(terms_document(self.contract))).hexdigest(),
            size=self._tree.size,
            root=self._tree.root().hex(),
        )


def terms_document(contract: Contract) -> dict[str, Any]:
    """The contract as archives hold it; alpha is a decimal string."""
    bound = {**asdict(contract.bound), "alpha": str(contract.bound.alpha)}
    return {**bound, "fee_bp": contract.fee_bp}


def _batch(units: Sequence[ClosedUnit]) -> Batch:
    def amounts(values: list[int]) -> "np.ndarray[Any, np.dtype[np.int64]]":
        return np.array([min(value, MOST) for value in values], np.int64)

    return Batch(
        np.array([unit.is_treated for unit in units], bool),
        np.array([unit.is_triggered for unit in units], bool),
        amounts([nanos(unit.paid_atoms) for unit in units]),
        amounts([unit.expected_plain for unit in units]),
        amounts([unit.expected_levered for unit in units]),
        amounts([nanos(unit.untouched_atoms) for unit in units]),
        np.array([unit.stratum for unit in units], np.int64),
    )


def _row(unit: ClosedUnit, scored: Scored, place: int) -> dict[str, Any]:
    predictions = scored.predictions
    return {
        "unit": unit.unit,
        "arm": unit.arm,
        "triggered": unit.is_triggered,
        "stratum": unit.stratum,
        "segment": unit.segment,
        "expected": [unit.expected_plain, unit.expected_levered],
        "predicted": [int(predictions.plain[place]), int(predictions.levered[place])],
        "score": int(scored.scores[place]),
        "calls": [call.to_dict() for call in unit.calls],
    }
