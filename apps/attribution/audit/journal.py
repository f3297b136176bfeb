"""The log of an experiment: batches scored, sealed and signed, and periods closed."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.attribution.audit.encoding import canonical
from apps.attribution.audit.merkle import leaf_hash
from apps.attribution.audit.signing import Head, SignedHead
from apps.attribution.audit.state import Opening, Running, State
from apps.attribution.audit.units import Call, ClosedUnit, nanos, spent_nanos
from apps.attribution.estimators import MOST, Batch, Proof, SampleRatio, Scored, Terms
from apps.attribution.statements import Contract, Statement, close


class Journal:
    """Appends rows, heads and statements; `state` is all that it needs of those before.

    The last units of a period may close after the next one has begun; periods close in their
    order. A service stores what was appended and the state together, and goes on from there.
    """

    def __init__(
        self,
        organisation: str,
        experiment: str,
        contract: Contract,
        key: Ed25519PrivateKey,
        state: State | None = None,
    ) -> None:
        """state: of the journal that this one goes on from; none for the first batch of all."""
        self.organisation, self.experiment, self.contract = organisation, experiment, contract
        self.openings: list[Opening] = []
        self.rows: list[bytes] = []
        self.leaves: list[bytes] = []
        self.heads: list[SignedHead] = []
        self.statements: list[Statement] = []
        self.state = state or State()
        self._key = key

    @property
    def public_key_hex(self) -> str:
        return self._key.public_key().public_bytes_raw().hex()

    @property
    def proof(self) -> Proof:
        """Up to and with the latest period."""
        return self.state.last

    def open_period(self, opening: Opening) -> None:
        """Begin the next period; the share may change here and nowhere else."""
        self.openings.append(opening)
        self.state.last = deepcopy(self.state.last)
        running = Running(opening, self.state.last, SampleRatio(opening.holdout_bp))
        self.state.running[opening.period.number] = running

    def close_batch(
        self,
        day: date,
        period: int,
        units: Sequence[ClosedUnit],
        comparisons: Sequence[Call] = (),
    ) -> SignedHead:
        """Score and seal units of one open period that closed on a day, and the calls that compared
        answers on it; the head to be mailed.
        """
        running = self.state.running[period]
        terms = Terms(running.opening.holdout_bp, self.contract.bound.scale)
        scored = running.proof.score(_batch(units), terms)
        spent = sum(map(spent_nanos, comparisons))
        for number, each in self.state.running.items():
            if number >= period:
                each.proof.follow(scored)
                each.proof.spend(spent)
        for place, unit in enumerate(units):
            self._append({**_row(unit, scored, place), "period": period})
        for call in comparisons:
            self._append({"comparison": call.to_dict(), "period": period})
        running.count(units, comparisons)
        self.state.batches += 1
        self.heads.append(self._head(running.opening, day).sign(self._key))
        return self.heads[-1]

    def close_period(self) -> Statement:
        """The statement of the oldest period that is open; no batch of it may follow."""
        running = self.state.running.pop(min(self.state.running))
        period, evidence = running.opening.period, running.evidence()
        statement = close(period, evidence, self.contract, self.state.carried)
        self.state.carried = statement.carried
        self.statements.append(statement)
        return statement

    def _append(self, row: dict[str, Any]) -> None:
        line = canonical({**row, "batch": self.state.batches + 1, "row": self.state.tree.size})
        self.rows.append(line)
        self.leaves.append(leaf_hash(line))
        self.state.tree.append(self.leaves[-1])

    def _head(self, opening: Opening, day: date) -> Head:
        return Head(
            self.organisation,
            self.experiment,
            batch=self.state.batches,
            date=day.isoformat(),
            period=opening.period.number,
            holdout_bp=opening.holdout_bp,
            commitment=opening.commitment,
            terms=sha256(canonical(terms_document(self.contract))).hexdigest(),
            size=self.state.tree.size,
            root=self.state.tree.root().hex(),
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
