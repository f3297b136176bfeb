"""How sure a share is: the ratio of two sums, its clusters drawn again and again. numpy, no Django.

Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 8 (clusters) and 13
(percentiles); Davison, Hinkley 1997, ch. 2 (ratios).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_CLUSTERS = 14
DRAWS = 2_000
SEED = 57
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """What of the baseline is saved. draws: DRAWS bootstrapped shares."""

    share: float
    low: float
    high: float
    draws: NDArray[np.float64]


def share_of(baseline: Sequence[float], saved: Sequence[float]) -> Share | None:
    """One entry for each day, or each group of conversations; None for fewer than LEAST_CLUSTERS
    or nothing spent. The seed is fixed: the same log gives the same figures.
    """
    spent, kept = np.array(baseline, float), np.array(saved, float)
    if len(spent) < LEAST_CLUSTERS or spent.sum() <= 0:
        return None
    generator = np.random.default_rng(SEED)
    places = generator.integers(0, len(spent), (DRAWS, len(spent)))
    totals = spent[places].sum(axis=1)
    draws = np.divide(kept[places].sum(axis=1), totals, out=np.zeros(DRAWS), where=totals > 0)
    low, high = np.quantile(draws, (LOW, HIGH)).tolist()
    return Share(float(kept.sum() / spent.sum()), low, high, draws)
