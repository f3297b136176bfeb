"""Thresholds hold both bounds, in their order, and what was drawn unlike is thinned."""

import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.certifying.pairs import Pair, drawn_alike, fitted_pairs
from apps.optimization.certifying.thresholds import Fitted, Label, fitted_threshold, hundredths

BOUND = 0.01


def fitted(labels: list[Label], *, requests: int = 10_000, below: float | None = None) -> Fitted:
    scores: dict[int, int] = {}
    for label in labels:
        scores[hundredths(label.score)] = scores.get(hundredths(label.score), 0) + 1
    return fitted_threshold(
        scores,
        labels,
        requests=requests,
        below=below,
        bound=BOUND,
        hit_bound=10 * BOUND,
        error_rate=0.05,
    )


@given(st.integers(0, 100))
def test_a_threshold_is_counted_as_itself(place: int) -> None:
    assert hundredths(place / 100) == place


def test_it_stops_where_answers_begin_to_be_wrong() -> None:
    right = [Label(0.9 + n % 10 / 100, is_wrong=False) for n in range(1_000)]
    wrong = [Label(0.6 + n % 10 / 100, is_wrong=True) for n in range(300)]
    found = fitted(right + wrong, requests=2_000)
    assert found.threshold == 0.7
    assert [step.holds for _, step in found.steps[-2:]] == [True, False]
    assert found.deciding is not None
    assert (found.deciding.at.labels, found.deciding.at.errors) == (1_000, 0)


def test_seldom_hits_that_are_often_wrong_are_not_served() -> None:
    """Per request they hardly count, but whoever gets one would."""
    labels = [Label(0.9, is_wrong=n % 4 == 0) for n in range(40)]
    found = fitted(labels, requests=100_000)
    assert found.threshold is None
    assert found.steps[-1][1].request_upper < BOUND < found.steps[-1][1].hit_upper


def test_what_holds_is_kept_where_nothing_below_it_does() -> None:
    labels = [Label(0.5, is_wrong=True)] * 500
    assert fitted(labels, below=0.8).threshold == 0.8
    assert fitted(labels, below=0.8).deciding is None
    assert fitted([], below=None).threshold is None


def pairs(count: int, probability: float = 0.1, *, seed: int = 5) -> list[Pair]:
    """Half of the kind "easy", always right; half "hard", wrong three times in ten."""
    draws = random.Random(seed)  # noqa: S311  (a seed)
    return [
        Pair(
            UUID(int=draws.getrandbits(128)),
            kind,
            kind == "hard" and draws.random() < 0.3,
            probability,
        )
        for kind in ("easy", "hard") * (count // 2)
    ]


def test_only_the_kind_that_is_as_good_is_routed() -> None:
    found = fitted_pairs(pairs(3_000), bound=0.02, error_rate=0.05)
    assert found is not None
    assert found.threshold is not None
    assert found.gains["easy"] > found.threshold > found.gains["hard"]
    assert found.errors / 3_000 < 0.02


def test_too_few_pairs_certify_nothing() -> None:
    assert fitted_pairs(pairs(98), bound=0.5, error_rate=0.05) is None


def test_pairs_drawn_more_often_are_thinned() -> None:
    often, seldom = pairs(2_000, 1.0), pairs(2_000, 0.1, seed=6)
    kept = drawn_alike(often + seldom)
    assert [pair for pair in kept if pair.probability == 0.1] == seldom
    assert len(kept) - len(seldom) == pytest.approx(200, abs=60)
    assert drawn_alike(seldom) == seldom
