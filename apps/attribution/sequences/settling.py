"""The bounds that money is taken on: decimal arithmetic, the same on every machine.

Decimal's ln, exp and sqrt are correctly rounded, those of a machine's floating point are not. So a
verifier that shares no code with us finds the same whole number, on any processor.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from typing import Literal

from apps.attribution.sequences.asymptotic import TUNED_FOR
from apps.attribution.sequences.betting import SLOPES, UNIT, WEIGHTS
from apps.attribution.sequences.sums import Sums

_CONTEXT = Context(prec=50, Emax=999_999, Emin=-999_999)


@dataclass(frozen=True, slots=True)
class Bound:
    """Which bound a contract names, fixed for an experiment.

    alpha: one-sided error for all looks together. scale: of the exact bound, in the scores' unit:
    no score lies further below its centre. tuned_for, least_count: of the asymptotic bound, which
    claims nothing before `least_count` scores.
    """

    kind: Literal["exact", "asymptotic"]
    alpha: Decimal
    scale: int
    tuned_for: int = TUNED_FOR
    least_count: int = 200


def lower_bound(sums: Sums, bound: Bound) -> int | None:
    """A whole number that the sum of the means is not below; None where nothing can be said yet.

    It may be negative. Holds at every moment at once with probability 1 - alpha.
    """
    if not sums.count or (bound.kind == "asymptotic" and sums.count < bound.least_count):
        return None
    return sums.total - deviation_of(sums, bound)


def interval(sums: Sums, bound: Bound) -> tuple[int, int] | None:
    """The bound, and the asymptotic one from above, each with its own alpha; None as above.

    Costs have no upper limit, so no exact bound holds from above: it is for people, not for money.
    """
    low = lower_bound(sums, bound)
    if low is None or sums.count < bound.least_count:
        return None
    return low, sums.total + deviation_of(sums, replace(bound, kind="asymptotic"))


def deviation_of(sums: Sums, bound: Bound) -> int:
    """How far the sum of the scores may lie above the sum of their means: rounded up."""
    with localcontext(_CONTEXT):
        if bound.kind == "exact":
            return _exact(sums, bound)
        return _asymptotic(sums, bound)


def _asymptotic(sums: Sums, bound: Bound) -> int:
    """t times the radius of asymptotic.one_sided_radius, with variance = spread / t."""
    twice = -2 * (2 * bound.alpha).ln()
    rho2 = (twice + (twice + 1).ln()) / bound.tuned_for
    grown = sums.count * rho2 + 1
    log_term = (1 + grown.sqrt() / (2 * bound.alpha)).ln()
    square = 2 * sums.spread * grown / (sums.count * rho2) * log_term
    return int(square.sqrt().to_integral_value(ROUND_CEILING))


def _exact(sums: Sums, bound: Bound) -> int:
    """The least whole number at which the mixture of `betting` reaches 1 / alpha."""
    mixture = _Mixture(sums, bound)
    high = bound.scale
    while not mixture.is_reached(high):
        high *= 2
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if mixture.is_reached(middle) else (middle, high)
    return high


class _Mixture:
    """sum of w(l) exp(l u - losses(l)) against 1 / alpha."""

    def __init__(self, sums: Sums, bound: Bound) -> None:
        if sums.losses is None:
            raise ValueError("The exact bound needs sums of scores with a scale.")
        self._terms = [
            (weight, Decimal(slope), Decimal(lost) / UNIT)
            for weight, slope, lost in zip(WEIGHTS, SLOPES, sums.losses, strict=True)
        ]
        self._wanted = sum(WEIGHTS) / bound.alpha
        self._scale = bound.scale

    def is_reached(self, deviation: int) -> bool:
        at = Decimal(deviation) / self._scale
        reached = (weight * (slope * at - loss).exp() for weight, slope, loss in self._terms)
        return sum(reached) >= self._wanted
