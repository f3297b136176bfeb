"""Nothing is served before it is certified, and what drifts is withdrawn."""

import random

import pytest

from apps.optimization.similarity import Action, ThresholdPolicy, decide, fitted_threshold


def _run(policy: ThresholdPolicy, requests: int, error_share: float, seed: int = 1) -> list[Action]:
    """Half of the candidates score 0.9, the others 0.2 and are always wrong."""
    draws = random.Random(seed)  # noqa: S311
    actions = []
    for _ in range(requests):
        is_near = draws.random() < 0.5
        decision = policy.decide(0.9 if is_near else 0.2, draw=draws.random())
        policy.observe(
            0.9 if is_near else 0.2,
            decision,
            is_labelled=decision.action is not Action.SERVE,
            is_wrong=not is_near or draws.random() < error_share,
        )
        actions.append(decision.action)
    return actions


def test_nothing_is_served_before_a_certificate_and_then_only_above_it() -> None:
    policy = ThresholdPolicy()
    assert set(_run(policy, 1_000, 0.0)) == {Action.MISS}
    assert policy.threshold is not None
    assert 0.2 < policy.threshold <= 0.9
    assert Action.SERVE in _run(policy, 100, 0.0)


def test_a_risk_above_the_bound_is_never_certified() -> None:
    for seed in range(10):
        policy = ThresholdPolicy()
        _run(policy, 4_000, 0.05, seed)
        assert policy.threshold is None


def test_a_share_of_would_be_hits_is_shadowed() -> None:
    shadows = [decide(0.9, 0.5, draw=n / 100).action for n in range(100)]
    assert (shadows.count(Action.SHADOW), shadows.count(Action.SERVE)) == (10, 90)
    assert decide(0.4, 0.5, draw=0.0).action is Action.MISS


def test_drift_withdraws_what_was_certified() -> None:
    policy = ThresholdPolicy()
    _run(policy, 1_000, 0.0)
    assert policy.threshold is not None
    _run(policy, 600, 1.0)
    assert policy.threshold is None


def test_errors_that_the_bound_allows_are_no_drift() -> None:
    """Half of all requests are hits, one in a hundred of which is wrong: half of the bound."""
    for seed in range(10):
        policy = ThresholdPolicy()
        _run(policy, 1_000, 0.0, seed)
        _run(policy, 20_000, 0.01, seed)
        assert policy.threshold is not None


@pytest.mark.parametrize("current", [None, 0.55])
def test_a_refit_without_evidence_changes_nothing(current: float | None) -> None:
    fitted = fitted_threshold(
        [0.9] * 30, [True] * 30, [True] * 30, current=current, bound=0.01, error_rate=0.05
    )
    assert fitted == current
