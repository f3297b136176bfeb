"""What is watched beside the saving: the draw, the quality and the ledger."""

import numpy as np
import pytest

from apps.attribution.estimators import (
    Batch,
    Finding,
    Guard,
    Model,
    Proof,
    SampleRatio,
    Terms,
    judge,
    quality_sums,
)
from apps.attribution.sequences import Sums
from tests.attribution.units import CAP, batch_of, drawn

TERMS = Terms(holdout_bp=1_000, unit_cap=CAP)
ERRORS = Guard("error_rate", is_lower_better=True, tolerated=10_000)


def test_a_draw_as_agreed_is_never_off() -> None:
    generator = np.random.default_rng(3)
    held = np.cumsum(generator.binomial(500, 0.1, (400, 100)), axis=1)

    off = [
        any(SampleRatio(1_000, int(n), 500 * day - int(n)).is_off for day, n in enumerate(run, 1))
        for run in held
    ]

    assert sum(off) == 0


def test_a_holdout_that_loses_a_tenth_of_its_units_is_off() -> None:
    assert SampleRatio(1_000, 9_000, 90_000).is_off
    assert not SampleRatio(1_000, 10_000, 90_000).is_off


def test_the_evidence_is_the_e_value_of_the_paper() -> None:
    """One unit: the mixture gives it the agreed share, so that nothing is learnt."""
    assert SampleRatio(1_000).log_evidence == 0
    assert SampleRatio(1_000, held_out=1).log_evidence == pytest.approx(0, abs=1e-9)
    assert SampleRatio(1_000).add(1, 0).add(1, 0).log_evidence == pytest.approx(
        np.log((101 / 1_001) / 0.1), abs=1e-9
    )


def test_a_lever_that_breaks_answers_is_paused_and_a_harmless_one_is_not() -> None:
    assert _judged(errors_treated=0.08).verdict == "breached"
    assert _judged(errors_treated=0.08).must_pause
    assert _judged(errors_treated=0.01).verdict == "within"


def test_a_higher_score_of_feedback_is_no_harm() -> None:
    better = Guard("feedback", is_lower_better=False, tolerated=10_000)

    assert _judged(errors_treated=0.08, guard=better).verdict == "within"
    assert _judged(errors_treated=0.08, guard=better).harm < 0


def test_nothing_is_decided_of_few_units() -> None:
    assert judge(Sums(10, -(10**9), 1), ERRORS).verdict == "undecided"


@pytest.mark.parametrize(("overclaim", "found"), [(0.0, False), (0.2, True)])
def test_a_ledger_that_claims_too_much_is_found(overclaim: float, found: bool) -> None:
    generator = np.random.default_rng(5)
    proof = Proof()
    for _ in range(20):
        proof.add(drawn(generator, 2_000, overclaim=overclaim), TERMS)

    assert proof.reconciliation.is_overstated() is found
    assert proof.reconciliation.overstated_share == pytest.approx(
        overclaim / (1 + overclaim), abs=0.06
    )


def _judged(*, errors_treated: float, guard: Guard = ERRORS) -> Finding:
    generator = np.random.default_rng(9)
    model, sums = Model(), Sums()
    for _ in range(20):
        sums += quality_sums(model, _errors(generator, 5_000, errors_treated), TERMS)
    return judge(sums, guard)


def _errors(generator: np.random.Generator, count: int, errors_treated: float) -> Batch:
    treated = generator.random(count) >= 0.1
    fails = generator.random(count) < np.where(treated, errors_treated, 0.01)
    constant = np.full(count, 10_000)
    return Batch(
        treated, np.ones(count, bool), fails * 1_000_000, constant, constant, constant,
        np.zeros(count, np.int64),
    )  # fmt: skip


def test_units_of_no_trigger_tell_nothing_of_the_ledger() -> None:
    proof = Proof()
    proof.add(batch_of([{"is_triggered": False, "claimed": CAP}] * 300), TERMS)

    assert proof.reconciliation.money == Sums()
