import json
from decimal import Decimal, getcontext, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attribution.sequences import (
    UNIT,
    Bound,
    Sums,
    deviation,
    deviation_of,
    lower_bound,
    one_sided_radius,
)

EXACT = Bound("exact", Decimal("0.05"), scale=10**9)
ASYMPTOTIC = Bound("asymptotic", Decimal("0.05"), scale=10**9)
SCORES = st.lists(st.integers(-(10**9), 10**12), max_size=60)


@pytest.mark.parametrize("count", [1, 40, 3_000, 60_000])
def test_the_exact_bound_is_that_of_floating_point_rounded_up(count: int) -> None:
    sums = Sums.of([10**8, -(10**7)] * count, [0, 0] * count, scale=10**9)

    ours = deviation_of(sums, EXACT)

    lost = np.array(sums.losses) / UNIT
    assert ours == pytest.approx(float(deviation(lost, 0.05)) * 10**9, rel=1e-8)


def test_the_exact_bound_is_refused_to_scores_without_a_scale() -> None:
    with pytest.raises(ValueError, match="with a scale"):
        deviation_of(Sums.of([1], [0]), EXACT)


@pytest.mark.parametrize("count", [200, 5_000, 10**6])
def test_the_asymptotic_bound_is_that_of_floating_point_rounded_up(count: int) -> None:
    radius = float(one_sided_radius(count, 10**20 / count, 0.05))

    assert deviation_of(Sums(count, 0, 10**20), ASYMPTOTIC) == pytest.approx(
        count * radius, rel=1e-9
    )


def test_the_bound_does_not_depend_on_the_precision_of_the_caller() -> None:
    sums = Sums.of([2 * 10**9] * 5_000, [10**9] * 5_000, scale=10**9)
    with localcontext(getcontext().copy(), prec=5):
        narrow = lower_bound(sums, EXACT), lower_bound(sums, ASYMPTOTIC)

    assert narrow == (lower_bound(sums, EXACT), lower_bound(sums, ASYMPTOTIC))


def test_nothing_is_said_before_anything_is_known() -> None:
    assert lower_bound(Sums(), EXACT) is None
    assert lower_bound(Sums(199, 10**15, 1), ASYMPTOTIC) is None
    assert lower_bound(Sums(200, 10**15, 1), ASYMPTOTIC) is not None


@given(scores=SCORES, cuts=st.lists(st.integers(0, 60), max_size=4), seed=st.integers(0, 99))
def test_batches_merge_in_any_order_to_the_same_sums(
    scores: list[int], cuts: list[int], seed: int
) -> None:
    edges = [0, *sorted(cuts), len(scores)]
    centres = [score // 3 for score in scores]
    batches = [
        Sums.of(scores[start:end], centres[start:end], scale=10**9)
        for start, end in zip(edges, edges[1:], strict=False)
    ]
    np.random.default_rng(seed).shuffle(batches)

    assert sum(batches, Sums()) == Sums.of(scores, centres, scale=10**9)


@settings(max_examples=20, deadline=None)
@given(scores=SCORES, factor=st.integers(1, 1_000))
def test_a_bound_in_other_units_is_the_same_bound(scores: list[int], factor: int) -> None:
    sums = Sums.of(scores, [0] * len(scores), scale=10**9)
    larger = [score * factor for score in scores]
    scaled = Sums.of(larger, [0] * len(scores), scale=10**9 * factor)
    bound = Bound("exact", Decimal("0.05"), scale=10**9 * factor)

    assert scaled.losses == pytest.approx(sums.losses, abs=len(scores))
    assert deviation_of(scaled, bound) == pytest.approx(
        deviation_of(sums, EXACT) * factor, rel=1e-9, abs=factor
    )


@given(scores=SCORES)
def test_sums_are_kept_as_plain_numbers_and_those_kept_once_have_no_losses(
    scores: list[int],
) -> None:
    sums = Sums.of(scores, [0] * len(scores), scale=10**9)

    assert Sums.from_list(json.loads(json.dumps(sums.to_list()))) == sums
    assert Sums.from_list(sums.to_list()[:3]).losses == (None if scores else sums.losses)
