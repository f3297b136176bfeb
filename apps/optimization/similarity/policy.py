"""What a namespace may serve: nothing, until labels certify a threshold; then what is above it."""

import numpy as np
from numpy.typing import ArrayLike

from apps.optimization.certifying import (
    Evidence,
    PageHinkley,
    certified_until,
    confidence_left,
    look_number,
)
from apps.optimization.serving import SHADOW_SHARE, Action, Decision, decide

__all__ = ["SHADOW_SHARE", "Action", "Decision", "ThresholdPolicy", "decide", "fitted_threshold"]

GRID = np.linspace(1.0, 0.0, 101)  # thresholds, from the strictest on
_WARM_UP = 300  # requests of a cold cache tell nothing about a warm one
_FIRST_LOOK, _LOOK_RATIO = 1_000, 2.0
_ERRORS_TO_ALARM = 4.0  # shadowed errors beyond what the bound lets expect


def fitted_threshold(
    scores: ArrayLike,
    is_labelled: ArrayLike,
    is_wrong: ArrayLike,
    *,
    current: float | None,
    bound: float,
    error_rate: float,
) -> float | None:
    """The least certified threshold of GRID, never above `current`; None when there is none.

    One value each request of the namespace since its certificate began, in any order: the score of
    its candidate (-inf: it had none), whether the comparison was made, and whether it failed.
    `bound` of wrong answers per request; `error_rate` of this look.
    """
    hits = np.asarray(scores)[:, None] >= GRID
    labels = np.asarray(is_labelled, bool)[:, None] & hits
    wrong = np.asarray(is_wrong, bool)[:, None] & labels
    above = np.inf if current is None else current
    untried = np.flatnonzero(above > GRID)
    sums = zip(hits.sum(0)[untried], labels.sum(0)[untried], wrong.sum(0)[untried], strict=True)
    evidence = [Evidence(int(h), int(n), int(w)) for h, n, w in sums]
    certified = certified_until(
        evidence, requests=max(len(hits), 1), bound=bound, error_rate=error_rate
    )
    return float(GRID[untried[certified - 1]]) if certified else current


def _weight(decision: Decision, *, is_wrong: bool) -> float:
    """Of a request among the errors: those of shadowed hits stand for those of all hits."""
    return is_wrong / SHADOW_SHARE if decision.action is Action.SHADOW else 0.0


class ThresholdPolicy:
    """The threshold of one namespace over time, re-fitted at few looks, withdrawn on drift."""

    def __init__(self, *, bound: float = 0.01, error_rate: float = 0.05) -> None:
        self.threshold: float | None = None
        self._bound, self._error_rate = bound, error_rate
        self._seen: list[tuple[float, bool, bool]] = []
        self._drift = PageHinkley(bound, 0.0, _ERRORS_TO_ALARM / SHADOW_SHARE)

    def decide(self, score: float, *, draw: float) -> Decision:
        """What to do with a candidate of this score."""
        return decide(score, self.threshold, draw=draw)

    def observe(
        self, score: float, decision: Decision, *, is_labelled: bool, is_wrong: bool
    ) -> None:
        """Each request once, in order; `is_labelled` False for what was served."""
        self._seen.append((score, is_labelled, is_wrong))
        if self.threshold is not None and self._drift.observe(_weight(decision, is_wrong=is_wrong)):
            self.withdraw()
            return
        looks = look_number(len(self._seen), first=_FIRST_LOOK, ratio=_LOOK_RATIO)
        if looks > look_number(len(self._seen) - 1, first=_FIRST_LOOK, ratio=_LOOK_RATIO):
            self._refit(looks)

    def withdraw(self) -> None:
        """Nothing is served from here on, and evidence starts afresh."""
        self.threshold = None
        self._seen.clear()
        self._drift.reset()

    def _refit(self, look: int) -> None:
        scores, is_labelled, is_wrong = zip(*self._seen[_WARM_UP:], strict=True)
        self.threshold = fitted_threshold(
            scores,
            is_labelled,
            is_wrong,
            current=self.threshold,
            bound=self._bound,
            error_rate=confidence_left(self._error_rate, look),
        )
