"""The forecast beside what came, on drawn series, and beside repeating the last week."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from apps.attribution.forecasting import LEAST_DAYS, interval_of, simulated
from apps.attribution.forecasting.paths import weekday_factors

Floats = NDArray[np.float64]
AHEAD = 30
WEEK = np.array([1.1, 1.2, 1.15, 1.1, 1.0, 0.4, 0.35])
KINDS = ("flat", "growth", "decline", "walk", "saturating", "spiky")


def drawn(seed: int, kind: str, days: int) -> Floats:
    """Daily spend with weekends, noise of 20 % and a course of one kind."""
    generator, at = np.random.default_rng((seed, days)), np.arange(days)
    course = {
        "flat": np.full(days, 100.0),
        "growth": 100 * np.exp(0.008 * at),
        "decline": 100 * np.exp(-0.006 * at),
        "walk": 100 * np.exp(np.cumsum(generator.normal(0, 0.03, days))),
        "saturating": 40 + 120 / (1 + np.exp((days / 2 - at) / 12)),
        "spiky": np.where(generator.random(days) < 0.05, 300.0, 100.0),
    }[kind]
    series: Floats = course * WEEK[at % 7] * generator.lognormal(-0.02, 0.2, days)
    return series


@pytest.mark.parametrize("days", [28, 42, 60, 120])
def test_nine_of_ten_months_lie_in_the_interval_and_errors_are_smaller_than_naive(
    days: int,
) -> None:
    inside, errors, naive = [], [], []
    for seed in range(100, 112):
        for kind in KINDS:
            series = drawn(seed, kind, days + AHEAD)
            known, came = series[:days], float(series[days:].sum())
            found = interval_of(simulated(known, AHEAD, seed=seed).sum(axis=1))
            inside.append(float(found.low) <= came <= float(found.high))
            errors.append(abs(float(found.expected) - came) / came)
            naive.append(abs(known[-7:].sum() * AHEAD / 7 - came) / came)
    assert np.mean(inside) >= 0.9
    # Four weeks are too few to be better than the last of them.
    assert np.mean(errors) < np.mean(naive) * (1.1 if days == LEAST_DAYS else 1)


def test_the_same_days_and_seed_give_the_same_paths() -> None:
    series = drawn(1, "walk", 60)
    first, second = (simulated(series, 10, seed=7) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, simulated(series, 10, seed=8))


def test_weekends_stay_on_their_days() -> None:
    series = np.tile(WEEK * 100, 12)
    factors = weekday_factors(series)
    assert factors.mean() == pytest.approx(1)
    paths = simulated(series, 14, seed=1)
    assert paths.mean(axis=0)[5:7] == pytest.approx(np.array([40, 35]), rel=0.15)
    assert paths.mean(axis=0)[1] == pytest.approx(120, rel=0.1)


def test_nothing_spent_is_nothing_forecast() -> None:
    assert simulated(np.zeros(LEAST_DAYS), 5, seed=1).tolist() == np.zeros((999, 5)).tolist()


AMOUNTS = st.lists(st.floats(0, 1e6), min_size=LEAST_DAYS, max_size=70)


@settings(max_examples=30, deadline=None)
@given(amounts=AMOUNTS)
def test_whatever_was_spent_paths_are_finite_and_never_negative(amounts: list[float]) -> None:
    paths = simulated(np.array(amounts), 35, seed=1, count=30)
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()
