from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.estimators import (
    Batch,
    InvalidBatch,
    Model,
    Proof,
    Terms,
)
from apps.attribution.sequences import Bound, Sums, lower_bound
from tests.attribution.units import BATCHES, CAP, batch_of, drawn

TERMS = Terms(holdout_bp=1_000, unit_cap=CAP)


@given(batches=st.lists(BATCHES, min_size=1, max_size=4), last=BATCHES, seed=st.integers(0, 99))
def test_predictions_know_nothing_of_the_outcomes_of_their_own_batch(
    batches: list[Batch], last: Batch, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    other = replace(
        last,
        outcome=generator.permutation(last.outcome) // 2,
        claimed=last.claimed // 3,
        is_treated=~last.is_treated,
    )
    models = [Proof.of((batch, TERMS) for batch in batches).model for _ in range(2)]

    ours, theirs = (
        model.predict(batch, plain_cap=CAP, cap=CAP)
        for model, batch in zip(models, (last, other), strict=True)
    )

    assert ours.plain.tolist() == theirs.plain.tolist()
    assert ours.levered.tolist() == theirs.levered.tolist()
    assert ours.claimed.tolist() == theirs.claimed.tolist()


def test_a_batch_is_scored_before_it_is_learnt() -> None:
    first = batch_of([{"outcome": 5_000}, {"is_treated": True, "outcome": 100}])
    fresh = Model().predict(first, plain_cap=TERMS.plain_cap, cap=CAP)
    assert fresh.plain.tolist() == [1_000, 1_000]

    scores = Proof().add(first, TERMS).scores

    assert scores.tolist() == [450 + 9 * 4_000, 450 + 400]


def test_what_was_learnt_of_held_out_units_predicts_the_next_batch() -> None:
    """A ratio of 2, pulled by nothing else: all strata say the same."""
    proof = Proof()
    proof.add(batch_of([{"outcome": 2_000}] * 30), TERMS)

    predictions = proof.model.predict(batch_of([{"strata": 5}]), plain_cap=CAP, cap=CAP)

    assert predictions.plain.tolist() == [2_000]
    assert predictions.levered.tolist() == [500]


def test_a_treated_outcome_never_teaches_what_an_untouched_one_costs() -> None:
    proof = Proof()
    proof.add(batch_of([{"is_treated": True, "outcome": 125, "claimed": 3_000}] * 30), TERMS)

    predictions = proof.model.predict(batch_of([{}]), plain_cap=CAP, cap=CAP)

    assert predictions.plain.tolist() == [1_000]
    assert predictions.levered.tolist() == [125]
    assert predictions.claimed.tolist() == [3_000]


def test_costs_beyond_the_cap_count_in_neither_arm() -> None:
    dear = batch_of([{"is_treated": True, "outcome": 9 * CAP}, {"outcome": 9 * CAP}])
    capped = batch_of([{"is_treated": True, "outcome": CAP}, {"outcome": CAP}])

    assert Proof().add(dear, TERMS).scores.tolist() == Proof().add(capped, TERMS).scores.tolist()


@given(batches=st.lists(BATCHES, min_size=1, max_size=4))
def test_the_sums_are_those_of_the_triggered_units_scores(batches: list[Batch]) -> None:
    proof = Proof()

    scores = [score for batch in batches for score in proof.add(batch, TERMS).scores.tolist()]

    triggered = sum(int(batch.is_triggered.sum()) for batch in batches)
    assert (proof.saved.count, proof.saved.total) == (triggered, sum(scores))
    assert proof.units == len(scores)


def test_a_known_saving_is_found_and_not_overstated() -> None:
    generator = np.random.default_rng(11)
    terms = Terms(holdout_bp=1_000, unit_cap=3 * 10**8)
    proof, true = Proof(), 0.0
    for _ in range(20):
        batch = drawn(generator, 2_000)
        acts = batch.is_treated & batch.is_triggered
        true += float(batch.claimed[acts].sum() - batch.outcome[acts].sum())
        proof.add(batch, terms)
    exact = Bound("exact", Decimal("0.05"), scale=terms.unit_cap)
    bounds = [
        lower_bound(proof.saved, bound) for bound in (exact, replace(exact, kind="asymptotic"))
    ]

    assert proof.saved.total == pytest.approx(true, rel=0.1)
    assert [0.5 * true < bound < true for bound in bounds if bound] == [True, True]


def test_a_batch_is_whole_and_within_bounds() -> None:
    with pytest.raises(InvalidBatch):
        batch_of([{"outcome": -1}])
    with pytest.raises(InvalidBatch):
        replace(batch_of([{}]), outcome=np.array([1, 2]))


def test_an_empty_batch_changes_nothing() -> None:
    proof = Proof()
    proof.add(batch_of([]), TERMS)

    assert (proof.saved, proof.units) == (Sums(), 0)
