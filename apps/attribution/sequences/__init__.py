"""Bounds that hold at every look: pure arithmetic, nothing of ours, no Django.

`asymptotic` and `betting` are vectorised in float64, for dashboards and simulations.
`settling` computes the same two bounds in decimal arithmetic, for money.
"""

from apps.attribution.sequences.asymptotic import (
    TUNED_FOR,
    mixture_variance,
    one_sided_radius,
    two_sided_radius,
)
from apps.attribution.sequences.betting import SLOPES, UNIT, WEIGHTS, deviation, losses
from apps.attribution.sequences.settling import Bound, deviation_of, interval, lower_bound
from apps.attribution.sequences.sums import Sums

__all__ = [
    "SLOPES",
    "TUNED_FOR",
    "UNIT",
    "WEIGHTS",
    "Bound",
    "Sums",
    "deviation",
    "deviation_of",
    "interval",
    "losses",
    "lower_bound",
    "mixture_variance",
    "one_sided_radius",
    "two_sided_radius",
]
