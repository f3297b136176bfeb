"""Bounds are exact, and hold as often as they say."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.certifying import (
    Evidence,
    InvalidCounts,
    binomial_lower,
    binomial_upper,
    certified_until,
    confidence_left,
    look_number,
)
from tests.optimization.patience import PATIENT

COUNTS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def _at_most(errors: int, labels: int, share: float) -> float:
    return sum(comb(labels, k) * share**k * (1 - share) ** (labels - k) for k in range(errors + 1))


@PATIENT
@given(COUNTS, st.sampled_from([0.5, 0.05, 0.001]))
def test_the_upper_bound_is_where_so_few_errors_become_that_unlikely(
    counts: tuple[int, int], error_rate: float
) -> None:
    errors, labels = counts
    upper = binomial_upper(errors, labels, error_rate)
    expected = 1.0 if errors == labels else error_rate
    found = upper if errors == labels else _at_most(errors, labels, upper)
    assert found == pytest.approx(expected, rel=1e-6)


@PATIENT
@given(COUNTS)
def test_bounds_enclose_the_share(counts: tuple[int, int]) -> None:
    errors, labels = counts
    assert binomial_lower(errors, labels, 0.05) <= errors / labels
    assert binomial_upper(errors, labels, 0.05) >= errors / labels


def test_299_clean_labels_certify_one_per_cent() -> None:
    assert [binomial_upper(0, n, 0.05) <= 0.01 for n in (298, 299)] == [False, True]


@pytest.mark.parametrize("counts", [(2, 1, 0.05), (-1, 1, 0.05), (0, 1, 0.0), (0, 1, 1.0)])
def test_impossible_counts_are_refused(counts: tuple[int, int, float]) -> None:
    with pytest.raises(InvalidCounts):
        binomial_upper(*counts)


def test_the_sequence_stops_at_the_first_threshold_that_fails() -> None:
    clean, dirty = Evidence(400, 400, 0), Evidence(400, 400, 40)
    few = Evidence(3, 3, 3)
    sequence = [few, clean, dirty, clean]
    assert certified_until(sequence, requests=1_000, bound=0.01, error_rate=0.05) == 2


def test_hits_without_labels_certify_nothing() -> None:
    unlabelled = [Evidence(400, 0, 0)]
    assert certified_until(unlabelled, requests=1_000, bound=0.01, error_rate=0.05) == 0


def test_all_looks_together_spend_no_more_than_there_is() -> None:
    assert sum(confidence_left(0.05, look) for look in range(1, 10_000)) <= 0.05


def test_looks_come_at_growing_distances() -> None:
    seen = [299, 300, 599, 600, 1_200]
    assert [look_number(n, first=300, ratio=2) for n in seen] == [0, 1, 1, 2, 3]
