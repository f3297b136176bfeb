"""What saving must not spoil: the same scores on feedback, errors, latency and length.

A metric is a whole number for each unit (errors in parts of 10^6, latency in microseconds, …).
Harm is how much worse a treated unit is than the same unit held out; a customer states how much of
it is tolerable. Bounds hold at every look, so that a guard may be read after every batch.
"""

from dataclasses import dataclass
from typing import Literal

from apps.attribution.estimators.predictions import Model
from apps.attribution.estimators.scores import Terms, effect_scores
from apps.attribution.estimators.units import Batch
from apps.attribution.sequences import Sums, two_sided_radius

LEAST_COUNT = 200
Verdict = Literal["breached", "within", "undecided"]


@dataclass(frozen=True, slots=True)
class Guard:
    """A metric and the customer's bound. tolerated: harm to the mean triggered unit, in the
    metric's unit. alpha: of both sides together; share it out among the guards of a lever.
    """

    metric: str
    is_lower_better: bool
    tolerated: float
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """harm: its estimate, low and high; infinite limits before there are enough units."""

    guard: Guard
    harm: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """breached: surely more than tolerated; the lever pauses. within: surely not."""
        if self.low > self.guard.tolerated:
            return "breached"
        return "within" if self.high <= self.guard.tolerated else "undecided"

    @property
    def must_pause(self) -> bool:
        return self.verdict == "breached"


def quality_sums(model: Model, batch: Batch, terms: Terms) -> Sums:
    """Sums of the outcome's fall, and then `model` learns the batch.

    batch.outcome is the metric; its expectations may be any constant.
    """
    predictions = model.predict(batch, plain_cap=terms.unit_cap, cap=terms.unit_cap)
    scores, centres = effect_scores(batch, predictions, terms)
    model.learn(batch)
    where = batch.is_triggered
    return Sums.of(scores[where].tolist(), centres[where].tolist())


def judge(sums: Sums, guard: Guard) -> Finding:
    """What is known of the harm after these sums of `quality_sums`."""
    fall = sums.total / sums.count if sums.count else 0.0
    harm = -fall if guard.is_lower_better else fall
    if sums.count < LEAST_COUNT:
        return Finding(guard, harm, -float("inf"), float("inf"))
    radius = float(two_sided_radius(sums.count, sums.spread / sums.count, guard.alpha))
    return Finding(guard, harm, harm - radius, harm + radius)
