from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.estimators import (
    InvalidTerms,
    Predictions,
    Terms,
    effect_scores,
    savings_scores,
)
from tests.attribution.units import AMOUNTS, CAP, batch_of

TERMS = Terms(holdout_bp=1_000, unit_cap=CAP)
SHARES = st.integers(100, 5_000)


def _predictions(plain: int, levered: int) -> Predictions:
    m0, m1 = np.array([plain]), np.array([levered])
    return Predictions(plain=m0, levered=m1, claimed=m0)


def _score(treated: bool, outcome: int, predictions: Predictions, terms: Terms = TERMS) -> int:
    batch = batch_of([{"is_treated": treated, "outcome": outcome}])
    return int(savings_scores(batch, predictions, terms)[0][0])


def test_a_treated_and_a_held_out_unit_by_hand() -> None:
    """p = 0.9, m0 = 1000, m1 = 400: the centre is 540."""
    predictions = _predictions(1_000, 400)

    assert _score(True, 300, predictions) == 540 + 100
    assert _score(False, 1_100, predictions) == 540 + 900
    assert _score(False, 900, predictions) == 540 - 900


def test_the_effect_is_the_textbook_formula() -> None:
    batch = batch_of([{"is_treated": True, "outcome": 310}, {"outcome": 1_130}])
    predictions = Predictions(*(np.array([each] * 2) for each in (1_000, 400, 1_000)))

    scores, centres = effect_scores(batch, predictions, TERMS)

    assert scores.tolist() == [600 + 100, 600 + 1_300]
    assert centres.tolist() == [600, 600]


@given(
    plain=AMOUNTS, levered=AMOUNTS, untouched=AMOUNTS, treated=AMOUNTS, holdout_bp=SHARES
)  # fmt: skip
def test_whatever_is_predicted_the_mean_over_the_draw_is_what_was_saved(
    plain: int, levered: int, untouched: int, treated: int, holdout_bp: int
) -> None:
    terms, predictions = Terms(holdout_bp, CAP), _predictions(plain, levered)
    share = Fraction(terms.treated_bp, 10_000)

    mean = share * _score(True, treated, predictions, terms)
    mean += (1 - share) * _score(False, untouched, predictions, terms)

    assert 0 <= share * (untouched - treated) - mean < 2


@given(plain=AMOUNTS, levered=AMOUNTS, outcome=AMOUNTS, is_treated=st.booleans())
def test_the_score_is_the_effect_times_the_treated_share(
    plain: int, levered: int, outcome: int, is_treated: bool
) -> None:
    predictions = _predictions(plain, levered)
    batch = batch_of([{"is_treated": is_treated, "outcome": outcome}])
    [effect] = effect_scores(batch, predictions, TERMS)[0].tolist()

    assert abs(_score(is_treated, outcome, predictions) - Fraction(9 * effect, 10)) < 3


@given(levered=AMOUNTS, outcome=AMOUNTS, is_treated=st.booleans(), holdout_bp=SHARES)
def test_no_score_lies_further_below_its_centre_than_the_cap(
    levered: int, outcome: int, is_treated: bool, holdout_bp: int
) -> None:
    """What the exact bound asks for, at the largest prediction and any outcome up to the cap."""
    terms = Terms(holdout_bp, CAP)
    batch = batch_of([{"is_treated": is_treated, "outcome": outcome}])

    scores, centres = savings_scores(batch, _predictions(terms.plain_cap, levered), terms)

    assert int(scores[0] - centres[0]) >= -CAP


def test_a_unit_that_no_lever_would_touch_says_nothing() -> None:
    batch = batch_of([{"is_triggered": False, "outcome": 7}])

    for score in (savings_scores, effect_scores):
        scores, centres = score(batch, _predictions(1_000, 10), TERMS)
        assert (scores.tolist(), centres.tolist()) == ([0], [0])


@pytest.mark.parametrize("holdout_bp", [0, 99, 5_001])
def test_a_holdout_must_be_drawable(holdout_bp: int) -> None:
    with pytest.raises(InvalidTerms):
        replace(TERMS, holdout_bp=holdout_bp)
