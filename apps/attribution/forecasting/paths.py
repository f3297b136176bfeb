"""From days that were to paths of days that may be."""

import numpy as np

from apps.attribution.forecasting.models import (
    Floats,
    line_paths,
    smoothed,
    smoothed_paths,
)

LEAST_DAYS, MOST_DAYS = 28, 180
# Half the widening at 28 days; chosen once on drawn series so that 90 % are at least that (ADR 56).
WIDENED_BY = 14
_WEEK = 7
_FADING = 0.9
_LEAST_FACTOR = 0.02
_LEAST_SHARE = 0.02  # of a mean day: what a day without cost counts as before its logarithm
_MOST_GROWTH = 2.0  # no day is more than e^2 times the largest that was


def simulated(series: Floats, days: int, *, seed: int, count: int = 999) -> Floats:
    """Paths (count × days) of a series of daily amounts >= 0, LEAST_DAYS or more of them."""
    generator = np.random.default_rng(seed)
    factors = weekday_factors(series)
    at = np.arange(len(series) + days) % _WEEK
    plain = series / factors[at[: len(series)]]
    offset = _LEAST_SHARE * float(plain.mean())
    if not offset:
        return np.zeros((count, days))
    logs = np.log(plain + offset)
    drawn = (days, count // 3, generator)
    level, fading = (smoothed_paths(smoothed(logs, each), *drawn) for each in (0.0, _FADING))
    paths = _widened(np.vstack((level, fading, line_paths(logs, *drawn))), len(series))
    amounts = np.exp(np.minimum(paths, logs.max() + _MOST_GROWTH)) - offset
    seasonal: Floats = np.maximum(amounts, 0) * factors[at[len(series) :]]
    return seasonal


def _widened(paths: Floats, days: int) -> Floats:
    """About the median of each day: what models fitted to few days do not know of themselves."""
    middle = np.median(paths, axis=0)
    wider: Floats = middle + (paths - middle) * (1 + WIDENED_BY / days)
    return wider


def weekday_factors(series: Floats) -> Floats:
    """What each day of the week, the first being that of series[0], is to the mean of its week:
    the median of the ratios to the week around, pulled to 1 by one week; their mean is 1.
    """
    around = np.convolve(series, np.ones(_WEEK) / _WEEK, "valid")
    inner = series[3 : len(series) - 3]
    days = np.arange(3, len(series) - 3) % _WEEK
    factors = np.ones(_WEEK)
    for day in range(_WEEK):
        where = (days == day) & (around > 0)
        weeks = int(where.sum())
        if weeks:
            ratio = float(np.median(inner[where] / around[where]))
            factors[day] = 1 + (ratio - 1) * weeks / (weeks + 1)
    factors = np.maximum(factors, _LEAST_FACTOR)
    whole: Floats = factors / factors.mean()
    return whole
