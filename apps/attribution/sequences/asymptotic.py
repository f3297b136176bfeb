"""Asymptotic confidence sequences for a running mean, of one side and of two.

Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and
asymptotic confidence sequences", arXiv 2103.06476: Theorem 2.2 (two sides), Proposition B.1 (one
side), Theorem 2.5 (means that move, conservative), Appendix B.2 (tuning).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
TUNED_FOR = 5_000  # units: where the sequence is narrowest; fixed for an experiment


def mixture_variance(alpha: float, tuned_for: int = TUNED_FOR) -> float:
    """rho^2 of the normal mixture that is narrowest near `tuned_for` units.

    rho^2 = (-2 log alpha + log(-2 log alpha + 1)) / N*; for one side give 2 alpha.
    """
    twice = -2 * np.log(alpha)
    return float((twice + np.log(twice + 1)) / tuned_for)


def two_sided_radius(
    count: ArrayLike, variance: ArrayLike, alpha: float, tuned_for: int = TUNED_FOR
) -> Floats:
    """mean +- radius holds the running mean at every count at once, with 1 - alpha.

    count: units so far, > 0; variance: of the scores so far; the two broadcast.
    radius = sigma sqrt(2 (t rho^2 + 1) / (t^2 rho^2) log(sqrt(t rho^2 + 1) / alpha)).
    """
    rho2 = mixture_variance(alpha, tuned_for)
    grown = np.asarray(count, float) * rho2 + 1
    return _radius(count, variance, rho2, np.log(np.sqrt(grown) / alpha))


def one_sided_radius(
    count: ArrayLike, variance: ArrayLike, alpha: float, tuned_for: int = TUNED_FOR
) -> Floats:
    """mean - radius lies below the running mean at every count at once, with 1 - alpha.

    As `two_sided_radius`, with log(1 + sqrt(t rho^2 + 1) / (2 alpha)).
    """
    rho2 = mixture_variance(2 * alpha, tuned_for)
    grown = np.asarray(count, float) * rho2 + 1
    return _radius(count, variance, rho2, np.log1p(np.sqrt(grown) / (2 * alpha)))


def _radius(count: ArrayLike, variance: ArrayLike, rho2: float, log_term: Floats) -> Floats:
    units = np.asarray(count, float)
    width = 2 * (units * rho2 + 1) / (units**2 * rho2) * log_term
    return np.asarray(np.sqrt(np.asarray(variance, float) * width), float)
