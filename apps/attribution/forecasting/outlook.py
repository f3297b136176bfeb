"""The untouched cost, what of it is saved, and what is left to pay, on the same paths."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from apps.attribution.forecasting.models import BLOCK, Floats
from apps.attribution.forecasting.paths import LEAST_DAYS, simulated

LOW, HIGH = 0.05, 0.95
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Interval:
    """US dollars, or another figure: 90 % of the paths lie between low and high, half below
    expected.
    """

    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Outlook:
    """Paths × days: US dollars paid and saved."""

    spend: Floats
    saved: Floats


def outlook(spend: Floats, saved: Floats, days: int, *, seed: int) -> Outlook:
    """spend, saved: of each day so far, of one length, LEAST_DAYS or more; saved may be negative.

    The share that is saved is resampled, by weeks, from the last four; of a day that cost nothing
    untouched it is 0.
    """
    untouched = np.maximum(spend + saved, 0)
    paths = simulated(untouched, days, seed=seed)
    shares = np.divide(saved, untouched, out=np.zeros_like(saved), where=untouched > 0)
    drawn = _resampled(shares[-LEAST_DAYS:], paths.shape, seed)
    return Outlook(spend=paths * (1 - drawn), saved=paths * drawn)


def interval_of(values: Floats) -> Interval:
    """Of one figure of each path."""
    quantiles = np.quantile(values, (LOW, 0.5, HIGH)).tolist()
    return Interval(*(Decimal(f"{each:.4f}").quantize(_CENT) for each in quantiles))


def _resampled(shares: Floats, shape: tuple[int, ...], seed: int) -> Floats:
    """A week of the last four stays on its weekdays."""
    generator = np.random.default_rng((seed, 1))
    count, days = shape
    weeks = generator.integers(0, len(shares) // BLOCK, (count, -(-days // BLOCK)))
    places = (weeks[:, :, None] * BLOCK + np.arange(BLOCK)).reshape(count, -1)[:, :days]
    drawn: Floats = shares[places]
    return drawn
