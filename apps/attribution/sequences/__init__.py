"""Bounds that hold at every look: pure arithmetic, nothing of ours, no Django.

`asymptotic` and `empirical_bernstein` are vectorised in float64, for dashboards and simulations.
`settling` computes the same two bounds in decimal arithmetic, for money.
"""

from apps.attribution.sequences.asymptotic import (
    TUNED_FOR,
    mixture_variance,
    one_sided_radius,
    two_sided_radius,
)
from apps.attribution.sequences.empirical_bernstein import LAMBDAS, WEIGHTS, deviation
from apps.attribution.sequences.settling import Bound, deviation_of, interval, lower_bound
from apps.attribution.sequences.sums import Sums

__all__ = [
    "LAMBDAS",
    "TUNED_FOR",
    "WEIGHTS",
    "Bound",
    "Sums",
    "deviation",
    "deviation_of",
    "interval",
    "lower_bound",
    "mixture_variance",
    "one_sided_radius",
    "two_sided_radius",
]
