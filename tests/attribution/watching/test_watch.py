"""Harm is found at any look, none is made up, and what is kept survives being written down."""

import json
from decimal import Decimal

import numpy as np
import pytest

from apps.attribution.watching import ALL, Reading, Watch, Watched, breached_levers, findings

BOUND = Decimal("0.01")
HOLDOUT_BP = 2_000


def drawn(
    generator: np.random.Generator,
    count: int,
    *,
    harm: float = 0.0,
    levers: frozenset[str] = frozenset({"exact_cache"}),
) -> list[Watched]:
    """Units that fail with 10 %, treated ones with `harm` more; slower where treated."""
    treated = generator.random(count) >= HOLDOUT_BP / 10_000
    failed = generator.random(count) < 0.1 + harm * treated
    took = generator.lognormal(13, 0.5, count) * (1 + treated)
    return [
        Watched(bool(is_treated), True, 5, levers, {"errors": 10**6 * bool(fails), "latency": ms})
        for is_treated, fails, ms in zip(treated, failed, took.astype(int).tolist(), strict=True)
    ]


def reading(watch: Watch, lever: str, metric: str, bound: Decimal = BOUND) -> Reading:
    """The one of that lever and metric."""
    named = {(each.lever, each.metric.name): each for each in findings(watch, bound)}
    return named[lever, metric]


def watched(*batches: list[Watched]) -> Watch:
    """A watch after batches, each written down and read back as a service does."""
    watch = Watch()
    for units in batches:
        watch = Watch.from_dict(json.loads(json.dumps(watch.to_dict())))
        watch.add(units, HOLDOUT_BP)
    return watch


def test_what_is_written_down_goes_on_as_if_it_never_was() -> None:
    generator = np.random.default_rng(1)
    batches = [drawn(generator, 300), drawn(generator, 200)]
    straight = Watch()
    for units in batches:
        straight.add(units, HOLDOUT_BP)
    assert watched(*batches).to_dict() == straight.to_dict()


def test_more_failures_than_the_bound_allows_are_a_breach_of_the_lever_that_acted() -> None:
    generator = np.random.default_rng(2)
    clean = drawn(generator, 3_000, levers=frozenset({"prompt_cache"}))
    watch = watched(drawn(generator, 3_000, harm=0.15), clean)
    found = reading(watch, "exact_cache", "errors").to_dict()
    assert found["verdict"] == "breached"
    assert 0.01 < found["low"] < 0.15 < found["high"]
    assert found["treatment"]["mean"] == pytest.approx(0.25, abs=0.03)
    assert list(breached_levers(findings(watch, BOUND))) == ["exact_cache"]


def test_harm_within_the_bound_pauses_nothing() -> None:
    watch = watched(drawn(np.random.default_rng(3), 3_000, harm=0.15))
    assert breached_levers(findings(watch, Decimal("0.3"))) == {}
    assert reading(watch, ALL, "errors", Decimal("0.3")).finding.verdict == "within"


def test_slower_answers_are_shown_with_an_interval_and_pause_nothing() -> None:
    watch = watched(drawn(np.random.default_rng(4), 4_000))
    found = reading(watch, ALL, "latency").to_dict()
    assert (found["verdict"], found["tolerated"], found["unit"]) == ("watched", None, "ms")
    assert found["low"] > 0
    assert breached_levers(findings(watch, BOUND)) == {}


def test_harm_of_all_together_pauses_every_lever_that_acted_where_none_is_found_guilty() -> None:
    generator = np.random.default_rng(6)
    names = ("exact_cache", "routing", "tier", "semantic")
    batches = [drawn(generator, 400, harm=0.14, levers=frozenset({each})) for each in names]
    paused = breached_levers(findings(watched(*batches), BOUND))
    assert {each.lever for each in paused.values()} == {ALL}
    assert sorted(paused) == sorted(names)


def test_a_new_period_counts_nothing_of_the_one_before_and_keeps_what_was_learnt() -> None:
    watch = watched(drawn(np.random.default_rng(5), 3_000, harm=0.15)).next_period()
    assert breached_levers(findings(watch, BOUND)) == {}
    tracks = watch.tracks["exact_cache", "errors"]
    assert (tracks.sums.count, tracks.treated) == (0, [0, 0])
    assert tracks.model.plain.to_list()[0] > 0


def test_units_that_no_lever_would_have_touched_count_for_nothing() -> None:
    unit = Watched(True, False, 0, frozenset(), {"errors": 10**6})
    assert watched([unit]).tracks == {}


def test_equal_arms_are_rarely_called_a_breach_however_often_one_looks() -> None:
    breached = 0
    for seed in range(60):
        generator, watch = np.random.default_rng(seed), Watch()
        looks = []
        for _ in range(10):
            watch.add(drawn(generator, 150), HOLDOUT_BP)
            looks.append(bool(breached_levers(findings(watch, Decimal(0)))))
        breached += any(looks)
    assert breached <= 3
