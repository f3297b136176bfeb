"""Does the ledger claim more than the holdout confirms?

The ledger states for each treated unit what it would have cost untouched (C). If that is right, C
of treated units and the cost Y of held-out units have the same mean. With h the prediction of C:

d = p (h - m0) + A (C - h) - (1 - A) p/(1 - p) (Y - m0), E[d] = p (E[C] - E[Y(0)]).

It is looked at in money and, because few expensive units drown a bias of many, as a share of what
was expected of the unit: known before the outcome, so that its mean is 0 as well where the ledger
is right. Retries, wordier models and caches warmed for the holdout all show here.
"""

from dataclasses import dataclass, field
from math import nan

import numpy as np

from apps.attribution.estimators.predictions import Predictions
from apps.attribution.estimators.scores import Terms
from apps.attribution.estimators.units import WHOLE, Batch, Whole
from apps.attribution.sequences import Sums, one_sided_radius

SHARE = 2**20  # a share of 1
LEAST_EXPECTED = 1_000  # nano US dollars: cheaper units count as if this had been expected
LEAST_COUNT = 200


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Sums of d in nano US dollars, of d as shares of the expectation, and of what was claimed."""

    money: Sums = field(default_factory=Sums)
    shares: Sums = field(default_factory=Sums)
    claimed: int = 0

    def __add__(self, other: "Reconciliation") -> "Reconciliation":
        money, shares = self.money + other.money, self.shares + other.shares
        return Reconciliation(money, shares, self.claimed + other.claimed)

    @property
    def overstated_share(self) -> float:
        """Estimate: the part of the ledger's untouched cost that would not have arisen."""
        return self.money.total / self.claimed if self.claimed else nan

    def is_overstated(self, alpha: float = 0.05) -> bool:
        """Whether the ledger claims too much, at any look with error `alpha` where it does not."""
        return any(_is_above_zero(sums, alpha / 2) for sums in (self.money, self.shares))


def reconciled(batch: Batch, predictions: Predictions, terms: Terms) -> Reconciliation:
    """The ledger's claims on one batch against the holdout; predictions from past batches."""
    gaps, centres = _gaps(batch, predictions, terms)
    where = batch.is_triggered
    expected = np.maximum(batch.expected_plain, LEAST_EXPECTED)
    return Reconciliation(
        Sums.of(gaps[where].tolist(), centres[where].tolist()),
        Sums.of(_share(gaps, expected)[where].tolist(), _share(centres, expected)[where].tolist()),
        int(batch.claimed[where & batch.is_treated].sum()),
    )


def _gaps(batch: Batch, predictions: Predictions, terms: Terms) -> tuple[Whole, Whole]:
    treated, held = terms.treated_bp, terms.holdout_bp
    centres = treated * (predictions.claimed - predictions.plain) // WHOLE
    if_treated = batch.claimed - predictions.claimed
    if_held = -(treated * (batch.outcome - predictions.plain) // held)
    return centres + np.where(batch.is_treated, if_treated, if_held), centres


def _share(amounts: Whole, expected: Whole) -> Whole:
    return np.asarray(np.rint(amounts / expected * SHARE), np.int64)


def _is_above_zero(sums: Sums, alpha: float) -> bool:
    if sums.count < LEAST_COUNT:
        return False
    radius = float(one_sided_radius(sums.count, sums.spread / sums.count, alpha))
    return sums.total > sums.count * radius
