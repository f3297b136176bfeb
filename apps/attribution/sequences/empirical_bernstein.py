"""The exact lower confidence sequence: empirical Bernstein, scores bounded only from below.

Source: Fan, Grama, Liu, "Exponential inequalities for martingales with applications", 2015:
exp(l x - psi(l) x^2) <= 1 + l x for x >= -1, 0 <= l < 1, psi(l) = -log(1 - l) - l. Howard, Ramdas,
McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Theorem 4,
makes of it: exp(l (S - sum of means) - psi(l) V) is a supermartingale, where S sums the scores, V
the squares of their distances from centres that were fixed before each score, and no score lies
more than 1 (the scale) below its centre. A mixture over l, and Ville's inequality, give the bound:
the sum of the means is at least S - u(V) at every moment at once. Upper tails may be of any weight.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# A geometric grid, most of its weight (in hundredths) where the bound is narrowest for V near 30:
# a contract's scale is chosen for that, and larger or smaller V cost little.
LAMBDAS: tuple[float, ...] = tuple(0.9 * (2 / 3) ** step for step in range(12))
WEIGHTS = (8, 20, 26, 19, 10, 6, 4, 3, 1, 1, 1, 1)
_HALVINGS = 60


def deviation(spread: ArrayLike, alpha: float) -> Floats:
    """u(V), in units of the scale, for V >= 0 in units of its square; any shape.

    u solves the sum over l of w(l) exp(l u - psi(l) V) = 1 / alpha.
    """
    grid = np.array(LAMBDAS)
    variances = np.asarray(spread, float)[..., None]
    penalties = (-np.log1p(-grid) - grid) * variances
    # What each l has to reach alone; the first that does bounds the root from above.
    wanted = penalties - np.log(alpha * np.array(WEIGHTS) / sum(WEIGHTS))
    return _root(grid, wanted, (wanted / grid).min(axis=-1))


def _root(grid: Floats, wanted: Floats, high: Floats) -> Floats:
    low = np.zeros_like(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_enough = np.exp(grid * middle[..., None] - wanted).sum(axis=-1) >= 1
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return high
