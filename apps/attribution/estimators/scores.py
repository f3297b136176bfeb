"""The score of a unit: an estimate of what was saved on it, unbiased whatever the predictions are.

Source: Robins, Rotnitzky, Zhao 1994 (augmented inverse propensity weighting, here with a known
propensity p); Kohavi, Tang, Xu 2020, ch. 20 (triggered analysis); Deng et al. 2013 (CUPED: the
predictions play the part of the covariate).

phi = m0 - m1 + A/p (m1 - Y) + (1 - A)/(1 - p) (Y - m0), and 0 for a unit that no lever would touch.
E[phi] = Y(0) - Y(1). What is billed is saved on treated units only: the score is p phi.
"""

from dataclasses import dataclass

import numpy as np

from apps.attribution.estimators.predictions import Predictions
from apps.attribution.estimators.units import MOST, WHOLE, Batch, Whole

LEAST_HOLDOUT, MOST_HOLDOUT = 100, 5_000  # basis points


class InvalidTerms(ValueError):
    """A share or cap that the arithmetic does not hold for."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed for a period. Raises InvalidTerms.

    holdout_bp: basis points of units that are held out. unit_cap: what a unit costs beyond it is
    neither claimed nor held against us, in both arms; the exact bound's scale.
    """

    holdout_bp: int
    unit_cap: int

    def __post_init__(self) -> None:
        if not LEAST_HOLDOUT <= self.holdout_bp <= MOST_HOLDOUT:
            raise InvalidTerms(f"Hold out {LEAST_HOLDOUT} to {MOST_HOLDOUT} basis points.")
        if not 0 < self.unit_cap <= MOST:
            raise InvalidTerms(f"The cap of a unit lies between 1 and {MOST}.")

    @property
    def treated_bp(self) -> int:
        return WHOLE - self.holdout_bp

    @property
    def plain_cap(self) -> int:
        """The largest prediction of a held-out unit's cost: no score falls further than unit_cap
        below its centre, though a held-out unit weighs treated_bp / holdout_bp.
        """
        return min(self.holdout_bp * self.unit_cap // self.treated_bp, self.unit_cap)


def savings_scores(batch: Batch, predictions: Predictions, terms: Terms) -> tuple[Whole, Whole]:
    """p phi of each unit, rounded down, and its centre p (m0 - m1), known before its outcome.

    No score lies more than terms.unit_cap below its centre.
    """
    treated, held = terms.treated_bp, terms.holdout_bp
    centres = treated * (predictions.plain - predictions.levered) // WHOLE
    if_treated = predictions.levered - batch.outcome
    if_held = treated * (batch.outcome - predictions.plain) // held
    scores = centres + np.where(batch.is_treated, if_treated, if_held)
    return scores * batch.is_triggered, centres * batch.is_triggered


def effect_scores(batch: Batch, predictions: Predictions, terms: Terms) -> tuple[Whole, Whole]:
    """phi of each unit, rounded down, and its centre m0 - m1: the outcome's fall on one unit."""
    centres = predictions.plain - predictions.levered
    if_treated = WHOLE * (predictions.levered - batch.outcome) // terms.treated_bp
    if_held = WHOLE * (batch.outcome - predictions.plain) // terms.holdout_bp
    scores = centres + np.where(batch.is_treated, if_treated, if_held)
    return scores * batch.is_triggered, centres * batch.is_triggered
