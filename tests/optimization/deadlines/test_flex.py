"""How long the cheaper tier is waited for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.deadlines.flex import LONGEST_SECONDS, patience_seconds


@pytest.mark.parametrize(
    ("remaining", "expected"),
    [(900, 780.0), (240, 120.0), (60, 30.0), (0, 0.0), (-3, 0.0), (86_400, LONGEST_SECONDS)],
)
def test_the_ordinary_tier_is_left_two_minutes_or_half_of_the_time(
    remaining: float, expected: float
) -> None:
    assert patience_seconds(remaining) == expected


@given(st.floats(min_value=0.001, max_value=700_000))
def test_there_is_always_time_left_for_the_ordinary_tier(remaining: float) -> None:
    assert 0 < patience_seconds(remaining) < remaining
