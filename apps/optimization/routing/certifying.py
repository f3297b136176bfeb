"""From which expected gain on the cheap model may serve, so that quality falls by no more than…"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRID = np.linspace(0.15, -0.35, 101)  # expected gains, from the strictest on
LEAST_SHARE = 0.02  # stricter thresholds route too little to be worth a test
_MOST_STAKE, _PRIOR_LABELS, _PRIOR_VARIANCE = 0.5, 20.0, 0.05


def certified_threshold(
    scores: Floats, losses: Floats, *, bound: float, error_rate: float = 0.05
) -> float | None:
    """The least expected gain of GRID from which on the mean loss per request is below `bound`.

    One value each shadow pair in the order of arrival: its cross-fitted gain, and the strong
    model's quality minus the cheap one's, in [-1, 1]. A bet against each threshold (stakes set by
    the pairs before, as in Waudby-Smith and Ramdas 2024), in a fixed sequence; valid at any time.
    None when not even the strictest holds.
    """
    routed = scores[:, None] >= GRID
    wealth = _log_wealth(np.where(routed, losses[:, None], 0.0), bound)
    holds = wealth >= np.log(1 / error_rate)
    tested = np.flatnonzero(routed.mean(0) >= LEAST_SHARE)
    failed = [n for n in tested if not holds[n]]
    last = (failed[0] if failed else len(GRID)) - 1
    return float(GRID[last]) if len(tested) and last >= tested[0] else None


def threshold_for_quality(scores: Floats, cheap: Floats, strong: Floats, *, share: float) -> float:
    """The least expected gain at which mean quality stays at `share` of the strong model's.

    An estimate without a certificate: for a curve of cost against quality.
    """
    order = np.argsort(-scores)
    quality = strong.sum() + np.cumsum((cheap - strong)[order])
    enough = np.flatnonzero(quality >= share * strong.sum())
    return float(scores[order][enough[-1]]) if len(enough) else float("inf")


def _log_wealth(losses: Floats, bound: float) -> Floats:
    """The greatest log-wealth that a bet on "below `bound`" ever had, for each column."""
    before = np.vstack([np.zeros(losses.shape[1]), losses[:-1]])
    count = np.arange(len(losses))[:, None] + _PRIOR_LABELS
    mean = np.cumsum(before, 0) / count
    square = (np.cumsum(before**2, 0) + _PRIOR_LABELS * _PRIOR_VARIANCE) / count
    edge = bound - mean
    stakes = np.clip(edge / (square - mean**2 + edge**2), 0, _MOST_STAKE)
    wealth: Floats = np.cumsum(np.log1p(stakes * (bound - losses)), 0).max(0)
    return wealth
