"""The bet wins against a mean below the bound, and seldom ever against one at it."""

import random

import pytest

from apps.optimization.certifying import PageHinkley, WealthTest


def _is_ever_rejected(share: float, probability: float, seed: int, requests: int) -> bool:
    draws = random.Random(seed)  # noqa: S311
    test = WealthTest(bound=0.1, error_rate=0.05)
    for _ in range(requests):
        is_labelled = draws.random() < probability
        test.observe(
            is_error=draws.random() < share, probability=probability, is_labelled=is_labelled
        )
    return test.is_rejected


@pytest.mark.parametrize("probability", [1.0, 0.2])
def test_a_mean_at_the_bound_is_seldom_ever_rejected(probability: float) -> None:
    wrongly = sum(_is_ever_rejected(0.1, probability, seed, 1_500) for seed in range(60))
    assert wrongly <= 6


@pytest.mark.parametrize("probability", [1.0, 0.2])
def test_a_mean_far_below_the_bound_is_rejected(probability: float) -> None:
    assert all(_is_ever_rejected(0.01, probability, seed, 1_500) for seed in range(10))


def test_what_was_rejected_once_stays_rejected() -> None:
    test = WealthTest(bound=0.1, error_rate=0.05)
    for is_error in [False] * 200 + [True] * 50:
        test.observe(is_error=is_error)
    assert (test.is_rejected, test.log_wealth < 0) == (True, True)


def test_a_risen_mean_alarms_until_it_is_reset_and_an_expected_one_does_not() -> None:
    drift = PageHinkley(expected=0.1, tolerance=0.05, threshold=3.0)
    calm = [drift.observe(float(n % 10 == 0)) for n in range(500)]
    risen = [drift.observe(float(n % 2 == 0)) for n in range(20)]
    assert (any(calm), risen[-1]) == (False, True)
    drift.reset()
    assert drift.observe(0.0) is False
