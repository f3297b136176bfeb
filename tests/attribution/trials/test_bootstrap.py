"""The interval of a share over clusters, against what is known of the draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attribution.trials import share_of
from apps.attribution.trials.bootstrap import LEAST_CLUSTERS


def test_alike_clusters_leave_no_doubt() -> None:
    found = share_of([100.0] * 14, [25.0] * 14)
    assert found is not None
    assert (found.share, found.low, found.high) == (0.25, 0.25, 0.25)


def test_too_few_clusters_or_nothing_spent_give_no_share() -> None:
    assert share_of([1.0] * (LEAST_CLUSTERS - 1), [0.5] * (LEAST_CLUSTERS - 1)) is None
    assert share_of([0.0] * 20, [0.0] * 20) is None


def test_nine_of_ten_intervals_hold_the_true_share() -> None:
    inside = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        spent = generator.lognormal(3, 0.5, 40)
        saved = spent * generator.beta(3, 7, 40)
        found = share_of(spent.tolist(), saved.tolist())
        assert found is not None
        inside += found.low <= 0.3 <= found.high
    assert 170 <= inside <= 190


SHARES = st.lists(st.floats(-0.2, 1), min_size=LEAST_CLUSTERS, max_size=40)


@settings(max_examples=50, deadline=None)
@given(shares=SHARES)
def test_the_interval_lies_within_the_clusters_own_shares(shares: list[float]) -> None:
    found = share_of([10.0] * len(shares), [10 * each for each in shares])
    assert found is not None
    assert min(shares) - 1e-9 <= found.low <= found.high <= max(shares) + 1e-9
    assert found.share == pytest.approx(sum(shares) / len(shares))
