import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import (
    BUCKETS,
    INPUT_BUCKETS,
    OUTPUT_BUCKETS,
    InvalidBuckets,
    TokenBuckets,
)

COUNTS = st.lists(st.integers(0, 10**9), min_size=len(BUCKETS), max_size=len(BUCKETS))


@given(COUNTS)
def test_every_token_is_in_exactly_one_bucket(counts: list[int]) -> None:
    buckets = TokenBuckets(*counts)

    assert buckets.total == buckets.input_total + buckets.output_total == sum(counts)
    assert sorted((*INPUT_BUCKETS, *OUTPUT_BUCKETS)) == sorted(BUCKETS)


@given(COUNTS, COUNTS)
def test_sums_are_by_bucket(one: list[int], other: list[int]) -> None:
    both = TokenBuckets(*one) + TokenBuckets(*other)

    assert both.counts == tuple(a + b for a, b in zip(one, other, strict=True))


@given(COUNTS)
def test_a_list_keeps_everything(counts: list[int]) -> None:
    buckets = TokenBuckets(*counts)

    assert TokenBuckets.from_list(buckets.to_list()) == buckets


def test_a_list_of_an_older_and_shorter_form_is_read() -> None:
    assert TokenBuckets(input_uncached=7).to_list() == [7]
    assert TokenBuckets.from_list([]) == TokenBuckets()


@pytest.mark.parametrize("counts", [[-1], [1.5], [True], ["3"], [1] * 11])
def test_what_is_no_count_is_refused(counts: list[int]) -> None:
    with pytest.raises(InvalidBuckets):
        TokenBuckets.from_list(counts)


def test_a_part_subtracted_twice_is_refused() -> None:
    with pytest.raises(InvalidBuckets):
        TokenBuckets(input_uncached=-3)
