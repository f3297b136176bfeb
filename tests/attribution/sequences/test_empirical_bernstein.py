import numpy as np
import pytest

from apps.attribution.sequences import LAMBDAS, WEIGHTS, deviation


@pytest.mark.parametrize("spread", [0.0, 0.7, 30.0, 1e4, 1e7])
def test_the_mixture_reaches_its_target_at_the_deviation_and_not_before(spread: float) -> None:
    at = float(deviation(spread, 0.05))

    assert _mixture(at, spread) == pytest.approx(20, rel=1e-6)
    assert _mixture(at * 0.999, spread) < 20


def test_a_term_of_the_mixture_is_a_supermartingale_for_scores_no_lower_than_the_scale() -> None:
    """Fan's inequality at every score from -1 up, however high."""
    scores = np.concatenate([np.linspace(-1, 10, 10_001), np.geomspace(10, 1e6, 1_000)])
    grid = np.array(LAMBDAS)[:, None]

    grown = np.exp(grid * scores - (-np.log1p(-grid) - grid) * scores**2)

    assert np.all(grown <= (1 + grid * scores) * (1 + 1e-12) + 1e-12)


def test_shapes_are_kept_and_more_spread_means_more_deviation() -> None:
    spreads = np.arange(12.0).reshape(3, 4) ** 3

    deviations = deviation(spreads, 0.05)

    assert deviations.shape == (3, 4)
    assert np.all(np.diff(deviations.ravel()) > 0)


def test_false_claims_at_any_of_many_looks_are_rarer_than_alpha() -> None:
    """Skewed scores with mean 0 that fall at most 1 below it."""
    generator = np.random.default_rng(7)
    scores = np.minimum(generator.exponential(size=(500, 4_000)), 8) - 1 + np.exp(-8)
    looks = slice(49, None, 50)
    totals = np.cumsum(scores, axis=1)[:, looks]
    spreads = np.cumsum(scores**2, axis=1)[:, looks]

    claims = np.any(totals - deviation(spreads, 0.05) > 0, axis=1)

    assert claims.mean() <= 0.05


def _mixture(at: float, spread: float) -> float:
    grid = np.array(LAMBDAS)
    reached = np.exp(grid * at - (-np.log1p(-grid) - grid) * spread)
    return float(np.average(reached, weights=WEIGHTS))
