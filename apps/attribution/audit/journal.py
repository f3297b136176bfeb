"""The log of an experiment: batches scored, sealed and signed, and periods closed."""

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
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
from apps.attribution.estimators import MOST, Batch, Model, Proof, SampleRatio, Scored, Terms
from apps.attribution.statements import Carried, Contract, Evidence, Period, Statement, close


@dataclass(frozen=True, slots=True)
class Opening:
    """A period as it begins. salt_hex stays with us until it is over."""

    period: Period
    holdout_bp: int
    salt_hex: str


@dataclass(slots=True)
class _Running:
    """An open period: the proof up to and with it, and what its statement will need."""

    opening: Opening
    proof: Proof
    ratio: SampleRatio
    paid_atoms: int = 0
    ledger_atoms: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_paused: bool = False

    def count(self, units: Sequence[ClosedUnit]) -> None:
        """Add a batch of the period."""
        treated = sum(unit.is_treated for unit in units)
        self.ratio = self.ratio.add(len(units) - treated, treated)
        self.is_paused |= self.ratio.is_off
        self.paid_atoms += sum(unit.paid_atoms for unit in units)
        for call in (call for unit in units for call in unit.calls):
            for lever, atoms in call.levers.items():
                self.ledger_atoms[lever] += atoms

    def evidence(self) -> Evidence:
        """What the period's statement is made of."""
        units = self.ratio.held_out + self.ratio.treated
        return Evidence(
            self.proof.saved, self.paid_atoms, self.ledger_atoms, units, self.ratio.held_out,
            self.is_paused,
        )  # fmt: skip


class Journal:
    """Rows in memory; a service that keeps them in a table does the same steps.

    rows, heads and statements are append-only. The last units of a period may close after the next
    one has begun; periods close in their order.
    """

    def __init__(
        self,
        organisation: str,
        experiment: str,
        contract: Contract,
        key: Ed25519PrivateKey,
        model: Model | None = None,
    ) -> None:
        """model: what is known before the first batch; none for an archive that can be verified."""
        self.organisation, self.experiment, self.contract = organisation, experiment, contract
        self.openings: list[Opening] = []
        self.rows: list[bytes] = []
        self.heads: list[SignedHead] = []
        self.statements: list[Statement] = []
        self._key, self._tree, self._carried = key, Tree(), Carried()
        self._running: dict[int, _Running] = {}
        self._last = Proof(model or Model())

    @property
    def public_key_hex(self) -> str:
        return self._key.public_key().public_bytes_raw().hex()

    @property
    def proof(self) -> Proof:
        """Up to and with the latest period."""
        return self._last

    def open_period(self, opening: Opening) -> None:
        """Begin the next period; the share may change here and nowhere else."""
        self.openings.append(opening)
        self._last = deepcopy(self._last)
        running = _Running(opening, self._last, SampleRatio(opening.holdout_bp))
        self._running[opening.period.number] = running

    def close_batch(self, day: date, period: int, units: Sequence[ClosedUnit]) -> SignedHead:
        """Score and seal units of one open period that closed on a day; the head to be mailed."""
        running = self._running[period]
        terms = Terms(running.opening.holdout_bp, self.contract.bound.scale)
        scored = running.proof.score(_batch(units), terms)
        for number, each in self._running.items():
            if number >= period:
                each.proof.follow(scored)
        for place, unit in enumerate(units):
            self._append({**_row(unit, scored, place), "period": period})
        running.count(units)
        self.heads.append(self._head(running.opening, day).sign(self._key))
        return self.heads[-1]

    def close_period(self) -> Statement:
        """The statement of the oldest period that is open; no batch of it may follow."""
        running = self._running.pop(min(self._running))
        period, evidence = running.opening.period, running.evidence()
        statement = close(period, evidence, self.contract, self._carried)
        self._carried = statement.carried
        self.statements.append(statement)
        return statement

    def _append(self, row: dict[str, Any]) -> None:
        line = canonical({**row, "batch": len(self.heads) + 1, "row": len(self.rows)})
        self.rows.append(line)
        self._tree.append(leaf_hash(line))

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
