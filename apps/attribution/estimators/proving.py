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
    """A batch with its amounts up to the cap; of each unit its score, centre and predictions."""

    batch: Batch
    cap: int
    scores: Whole
    centres: Whole
    predictions: Predictions
    reconciliation: Reconciliation

    @property
    def sums(self) -> Sums:
        """Of the triggered units."""
        where = self.batch.is_triggered
        scores, centres = self.scores[where].tolist(), self.centres[where].tolist()
        return Sums.of(scores, centres, scale=self.cap)


@dataclass(slots=True)
class Proof:
    """Everything that an experiment keeps of its past, up to and with one period.

    saved: sums of what was saved on treated units, in nano US dollars, of triggered units, less
    what comparing answers cost. units: all that have an arm.
    """

    model: Model = field(default_factory=Model)
    saved: Sums = field(default_factory=Sums)
    reconciliation: Reconciliation = field(default_factory=Reconciliation)
    units: int = 0

    def add(self, batch: Batch, terms: Terms) -> Scored:
        """Fold in the next batch, never the same twice; what it was scored by."""
        scored = self.score(batch, terms)
        self.follow(scored)
        return scored

    def spend(self, nanos: int) -> None:
        """Take off what comparing answers cost: it is known, whatever unit it was spent on."""
        self.saved = self.saved.less(nanos)

    def score(self, batch: Batch, terms: Terms) -> Scored:
        """A batch by what earlier ones taught; changes nothing."""
        batch = batch.capped(terms.unit_cap)
        predictions = self.model.predict(batch, plain_cap=terms.plain_cap, cap=terms.unit_cap)
        scores, centres = savings_scores(batch, predictions, terms)
        checked = reconciled(batch, predictions, terms)
        return Scored(batch, terms.unit_cap, scores, centres, predictions, checked)

    def follow(self, scored: Scored) -> None:
        """Count a scored batch and learn from it: one's own, or one of a period before.

        A period may begin while the last units of the one before are not over. Its proof begins as
        a copy and follows both; the earlier proof never hears of the later period, so that batches
        ordered by period, then by time, are predicted from their past alone.
        """
        self.saved += scored.sums
        self.reconciliation += scored.reconciliation
        self.units += len(scored.batch)
        self.model.learn(scored.batch)

    @classmethod
    def of(cls, batches: Iterable[tuple[Batch, Terms]]) -> Self:
        """The proof of an experiment's batches in their order."""
        proof = cls()
        for batch, terms in batches:
            proof.add(batch, terms)
        return proof
