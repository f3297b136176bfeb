"""Three models of one series without its weekdays: no trend, one that fades, and a straight line.

Sources: Gardner, McKenzie 1985 (damped trends); Hyndman, Athanasopoulos, "Forecasting: Principles
and Practice", ch. 8 (exponential smoothing) and 11 (simulated paths of resampled residuals); Künsch
1989 (blocks of them); Clemen 1989 (combinations of forecasts).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK = 7  # days that are resampled together
_ALPHAS = np.array((0.05, 0.1, 0.2, 0.35, 0.5))
_BETAS = np.array((0.02, 0.05, 0.1, 0.2))
_START, _BURN_IN = 14, 7  # days that give the first level, and that no error is counted of
_LINE_DAYS = 56
_MOST_CORRELATED = 0.8


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A fitted model after its last day. residuals: one day ahead."""

    alpha: float
    beta: float
    damping: float
    level: float
    trend: float
    residuals: Floats


def smoothed(series: Floats, damping: float) -> Smoothed:
    """The exponential smoothing with least squared errors one day ahead. damping 0: no trend."""
    alpha, beta = (each.ravel() for each in np.meshgrid(_ALPHAS, _BETAS if damping else [0.0]))
    level, trend = (np.full(len(alpha), start) for start in _begin(series[:_START], damping))
    errors = np.empty((len(series), len(alpha)))
    for day, value in enumerate(series):
        expected = level + damping * trend
        errors[day] = value - expected
        level = expected + alpha * errors[day]
        trend = damping * trend + alpha * beta * errors[day]
    best = int(np.argmin((errors[_BURN_IN:] ** 2).sum(axis=0)))
    return Smoothed(
        float(alpha[best]), float(beta[best]), damping, float(level[best]), float(trend[best]),
        errors[_BURN_IN:, best],
    )  # fmt: skip


def smoothed_paths(fit: Smoothed, days: int, count: int, generator: np.random.Generator) -> Floats:
    """`count` paths of `days` days; each error moves the level as it would have."""
    errors = _resampled(fit.residuals, days, count, generator)
    level, trend = np.full(count, fit.level), np.full(count, fit.trend)
    paths = np.empty((count, days))
    for day in range(days):
        expected = level + fit.damping * trend
        paths[:, day] = expected + errors[:, day]
        level = expected + fit.alpha * errors[:, day]
        trend = fit.damping * trend + fit.alpha * fit.beta * errors[:, day]
    return paths


def line_paths(series: Floats, days: int, count: int, generator: np.random.Generator) -> Floats:
    """Paths of the straight line through the last eight weeks, whose slope and height are drawn
    with their standard errors, wider where errors follow each other.
    """
    known = series[-_LINE_DAYS:]
    places = np.arange(len(known)) - (len(known) - 1) / 2
    squares = float((places**2).sum())
    slope, height = float((places * known).sum()) / squares, float(known.mean())
    residuals = known - height - slope * places
    spread = _spread(residuals)
    slopes = slope + generator.normal(0, 1, count) * np.sqrt(spread / squares)
    heights = height + generator.normal(0, 1, count) * np.sqrt(spread / len(known))
    ahead = places[-1] + 1 + np.arange(days)
    errors = _resampled(residuals, days, count, generator)
    paths: Floats = heights[:, None] + slopes[:, None] * ahead + errors
    return paths


def _begin(first: Floats, damping: float) -> tuple[float, float]:
    if not damping:
        return float(first.mean()), 0.0
    slope, height = np.polyfit(np.arange(len(first)), first, 1)
    return float(height), float(slope)


def _spread(residuals: Floats) -> float:
    """Their variance, times (1 + r) / (1 - r) for a correlation r of one day to the next."""
    squares = float((residuals**2).sum())
    if not squares:
        return 0.0
    correlation = float((residuals[1:] * residuals[:-1]).sum()) / squares
    r = min(max(correlation, 0.0), _MOST_CORRELATED)
    return squares / (len(residuals) - 2) * (1 + r) / (1 - r)


def _resampled(residuals: Floats, days: int, count: int, generator: np.random.Generator) -> Floats:
    """Blocks of centred residuals, as large as they were before the model was fitted to them."""
    size = len(residuals)
    centred = (residuals - residuals.mean()) * np.sqrt(size / (size - BLOCK))
    starts = generator.integers(0, size - BLOCK + 1, (count, -(-days // BLOCK)))
    places = (starts[:, :, None] + np.arange(BLOCK)).reshape(count, -1)[:, :days]
    drawn: Floats = centred[places]
    return drawn
