from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.audit.netra_verify import loss as loss_of_verifier
from apps.attribution.sequences import SLOPES, UNIT, WEIGHTS, deviation, losses

SCALE = 10**9
DISTANCES = st.integers(-SCALE, 10**15)


@given(distance=DISTANCES)
def test_a_loss_is_never_below_that_of_the_logarithm(distance: int) -> None:
    """Then exp(l x - loss) <= 1 + l x at every score from -1 up: a bet without an edge."""
    for slope, found in zip(SLOPES, losses([distance], SCALE), strict=True):
        y = Decimal(slope) * distance / SCALE

        assert Decimal(found) / UNIT >= y - (1 + y).ln()


@pytest.mark.parametrize("distance", [-SCALE, -SCALE // 2, -7, 0, 3, SCALE // 3, SCALE, 9 * SCALE])
def test_a_loss_is_that_of_the_logarithm_or_little_more(distance: int) -> None:
    for slope, found in zip(SLOPES[2:], losses([distance], SCALE)[2:], strict=True):
        y = slope * distance / SCALE

        assert found / UNIT == pytest.approx(y - np.log1p(y), rel=0.04, abs=1e-10)


@given(distances=st.lists(DISTANCES, max_size=20))
def test_the_verifier_loses_the_same_to_the_last_digit(distances: list[int]) -> None:
    theirs = tuple(
        sum(loss_of_verifier(slope * (distance / SCALE)) for distance in distances)
        for slope in SLOPES
    )

    assert theirs == losses(distances, SCALE)


def test_a_score_below_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="further below"):
        losses([-SCALE - 1], SCALE)


@pytest.mark.parametrize("spread", [0, 1, 30, 10_000])
def test_the_mixture_reaches_its_target_at_the_deviation_and_not_before(spread: int) -> None:
    lost = np.array(losses([SCALE // 10] * spread, SCALE)) / UNIT

    at = float(deviation(lost, 0.05))

    assert _mixture(at, lost) == pytest.approx(20, rel=1e-6)
    assert _mixture(at * 0.999, lost) < 20


def test_shapes_are_kept_and_more_loss_means_more_deviation() -> None:
    lost = np.arange(12.0).reshape(3, 4, 1) ** 3 * np.array(SLOPES) ** 2

    deviations = deviation(lost, 0.05)

    assert deviations.shape == (3, 4)
    assert np.all(np.diff(deviations.ravel()) > 0)


def test_false_claims_at_any_of_many_looks_are_rarer_than_alpha() -> None:
    """Skewed scores with mean 0 that fall at most 1 below it."""
    generator = np.random.default_rng(7)
    scores = np.minimum(generator.exponential(size=(300, 2_000)), 8) - 1 + np.exp(-8)
    looks = slice(49, None, 50)
    totals = np.cumsum(scores, axis=1)[:, looks]
    lost = [np.cumsum(slope * scores - np.log1p(slope * scores), axis=1) for slope in SLOPES]

    claims = np.any(totals - deviation(np.stack(lost, -1)[:, looks], 0.05) > 0, axis=1)

    assert claims.mean() <= 0.05


def _mixture(at: float, lost: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.average(np.exp(np.array(SLOPES) * at - lost), weights=WEIGHTS))
