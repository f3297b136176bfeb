"""The exact lower confidence sequence: bets on scores that are bounded only from below.

Source: Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B
2024, whose wealth, the product of 1 + l x, is taken around centres here, so that means may move.
x is a score's distance from a centre that was fixed before it, in units of the scale, so that
x >= -1; its mean is m. For 0 <= l < 1, E[1 + l x] = 1 + l m <= exp(l m), and so
exp(sum of log(1 + l x) - l m) is a supermartingale, and with it exp(l (X - M) - losses), X and M
the sums of x and m, for any losses of at least l x - log(1 + l x). A mixture over l, and Ville's
inequality, give the bound: M is at least X - u(losses) at every moment at once. Upper tails may be
of any weight, and cost little: a loss grows like the score, in a bound of Bernstein's kind like
its square.

Losses are bounded by quotients of polynomials (the Padé approximants [2/2] and [2/1] of log(1 + z)
that lie on the safe side): +, *, / and ceil are the same on every machine, logarithms are not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
# Slopes l, exact in binary: a geometric grid, most of its weight (in hundredths) where the bound is
# narrowest for a sum of x squared near 50; a contract's scale is chosen for that, and larger or
# smaller sums cost little.
SLOPES = tuple(n / 1024 for n in (922, 614, 410, 273, 182, 121, 81, 54, 36, 24, 16, 11))
WEIGHTS = (8, 20, 26, 19, 10, 6, 4, 3, 1, 1, 1, 1)
UNIT = 2**40  # of a loss, in fixed point
_HALVINGS = 60


def losses(distances: Sequence[int], scale: int) -> tuple[int, ...]:
    """The sum of losses at each slope in 1 / UNIT, rounded up.

    distances: of scores from their centres; both in the scores' unit, < 2^53. Raises ValueError for
    one below -scale: it would have no finite loss.
    """
    x = np.array(distances, float) / scale
    if x.min(initial=0) < -1:
        raise ValueError("A score lies further below its centre than the scale.")
    return tuple(sum(_rounded(_loss(slope * x)).tolist()) for slope in SLOPES)


def _loss(y: Floats) -> Floats:
    """At least y - log(1 + y), for y > -1; y^2 / 2 near 0."""
    up, down = np.maximum(y, 0), np.minimum(y, 0)
    above = up * up * (3 + up) / (6 + up * (6 + up))
    below = down * down * (3 + 2 * down) / ((1 + down) * (6 + 2 * down))
    return np.asarray(above + below)


def _rounded(loss: Floats) -> NDArray[np.int64]:
    """Up, and one more for what the arithmetic itself may have lost."""
    return np.asarray(np.ceil(loss * UNIT), np.int64) + 1


def deviation(loss: ArrayLike, alpha: float) -> Floats:
    """u, in units of the scale. loss: sums of losses, shape (..., slopes); u has shape (...).

    u solves the sum over l of w(l) exp(l u - loss(l)) = 1 / alpha.
    """
    grid = np.array(SLOPES)
    # What each l has to reach alone; the first that does bounds the root from above.
    wanted = np.asarray(loss, float) - np.log(alpha * np.array(WEIGHTS) / sum(WEIGHTS))
    return _root(grid, wanted, (wanted / grid).min(axis=-1))


def _root(grid: Floats, wanted: Floats, high: Floats) -> Floats:
    low = np.zeros_like(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_enough = np.exp(grid * middle[..., None] - wanted).sum(axis=-1) >= 1
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return high
