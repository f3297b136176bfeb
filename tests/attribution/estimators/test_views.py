from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attribution.estimators import by_segment, proven_by_segment, split
from apps.attribution.sequences import Bound, Sums

TOTALS = st.integers(-(10**15), 10**15)
WEIGHTS = st.dictionaries(st.sampled_from("abcdefg"), TOTALS, min_size=1)
BOUND = Bound("asymptotic", Decimal("0.05"), scale=10**9)


def test_parts_are_proportional_and_the_last_unit_goes_to_the_largest_remainder() -> None:
    assert split(100, {"cache": 2, "route": 1}) == {"cache": 67, "route": 33}
    assert split(10, {"cache": 5, "route": -3}) == {"cache": 10, "route": 0}
    assert split(-7, {"cache": 0, "route": 0}) == {"cache": -3, "route": -4}


@given(total=TOTALS, weights=WEIGHTS)
def test_parts_never_add_up_to_more_than_the_whole(total: int, weights: dict[str, int]) -> None:
    parts = split(total, weights)

    assert set(parts) == set(weights)
    assert sum(parts.values()) <= max(total, 0) or total < 0
    if total < 0 or any(weight > 0 for weight in weights.values()):
        assert sum(parts.values()) == total


@given(scores=st.lists(st.tuples(st.sampled_from(["chat", "code", "search"]), TOTALS), min_size=1))
def test_segments_sum_to_the_whole(scores: list[tuple[str, int]]) -> None:
    names = [name for name, _ in scores]

    parts = by_segment(names, np.array([score for _, score in scores]))

    assert sum(parts.values()) == sum(score for _, score in scores)


@settings(deadline=None)
@given(
    segments=st.dictionaries(
        st.sampled_from("abcd"),
        st.builds(Sums, st.integers(200, 10**6), TOTALS, st.integers(0, 10**24)),
        min_size=1,
    ),
    whole=TOTALS,
)
def test_what_segments_prove_never_exceeds_what_the_whole_proves(
    segments: dict[str, Sums], whole: int
) -> None:
    parts = proven_by_segment(segments, BOUND, whole)

    assert sum(parts.values()) <= max(whole, 0)
    assert min(parts.values()) >= 0
