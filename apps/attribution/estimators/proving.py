"""From batches to what may be claimed: predict from the past, score, add up, only then learn."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from apps.attribution.estimators.predictions import Model, Predictions
from apps.attribution.estimators.reconciling import Reconciliation, reconciled
from apps.attribution.estimators.scores import Terms, savings_scores
from apps.attribution.estimators.units import Batch, Whole
from apps.attribution.sequences import Sums


@dataclass(frozen=True, slots=True)
class Scored:
    """Of each unit of a batch: its score, the score's centre, and the predictions behind it."""

    scores: Whole
    centres: Whole
    predictions: Predictions


@dataclass(slots=True)
class Proof:
    """Everything that an experiment keeps of its past; it goes forward only.

    saved: sums of what was saved on treated units, in nano US dollars, of triggered units.
    units: all that have an arm.
    """

    model: Model = field(default_factory=Model)
    saved: Sums = field(default_factory=Sums)
    reconciliation: Reconciliation = field(default_factory=Reconciliation)
    units: int = 0

    def add(self, batch: Batch, terms: Terms) -> "Scored":
        """Fold in the next batch, never the same twice; what it was scored by, in its order."""
        batch = batch.capped(terms.unit_cap)
        predictions = self.model.predict(batch, plain_cap=terms.plain_cap, cap=terms.unit_cap)
        scores, centres = savings_scores(batch, predictions, terms)
        where = batch.is_triggered
        self.saved += Sums.of(scores[where].tolist(), centres[where].tolist())
        self.reconciliation += reconciled(batch, predictions, terms)
        self.units += len(batch)
        self.model.learn(batch)
        return Scored(scores, centres, predictions)

    @classmethod
    def of(cls, batches: Iterable[tuple[Batch, Terms]]) -> Self:
        """The proof of an experiment's batches in their order."""
        proof = cls()
        for batch, terms in batches:
            proof.add(batch, terms)
        return proof
