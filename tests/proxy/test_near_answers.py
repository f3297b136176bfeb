"""Answers to near questions: shadowed until certified, then given, and taken back when wrong."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from apps.kernel.ids import uuid7
from apps.proxy.stages.reusing import weighing
from tests.comparing import compared
from tests.gateways import RunningGateway, quick_settings, tenant
from tests.proxy.near import (
    AGAIN,
    FIRST,
    LEVERS,
    STATUS,
    ask,
    certifying,
    decisions,
    kept,
    reusing,
    serving,
)
from tests.simulator import RunningSimulator

ONE_ANSWER: dict[str, Any] = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "said",
            "schema": {"type": "object", "properties": {"a": {"const": "yes"}}, "required": ["a"]},
        },
    }
}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


@pytest.fixture(params=LEVERS)
def lever(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def always_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "_draw", lambda: 0.99)


def begin(gateway: RunningGateway, lever: str, **changes: Any) -> Any:
    """Ask the first question, and wait until its answer can be found."""
    answer = ask(gateway, FIRST, **changes)
    if lever == "semantic":
        kept(gateway, 1)
    return answer


def namespace(gateway: RunningGateway, lever: str) -> str:
    return str(decisions(gateway, lever, 1)[0].namespace)


def certify(gateway: RunningGateway, lever: str, **changes: Any) -> None:
    [first] = gateway.tenants
    gateway.tenants = [certifying(first, lever, namespace(gateway, lever), **changes)]


@pytest.mark.parametrize(("state", "reason"), [("on", "uncertified"), ("shadow", "would_hit")])
def test_without_a_certificate_both_answers_are_laid_side_by_side(
    simulator: RunningSimulator, lever: str, state: str, reason: str
) -> None:
    known = reusing(tenant(1, simulator.url), lever, state)
    with serving(simulator, known, lever=lever) as gateway:
        first = begin(gateway, lever)
        second = ask(gateway, AGAIN[lever])
        statuses = [each.headers["netra-cache"] for each in (first, second)]
        [missed, shadowed] = decisions(gateway, lever, 2)
        [comparison] = compared(gateway, 1)
        events = gateway.events(2)
    assert (statuses, len(simulator.calls())) == (["miss", "miss"], 2)
    assert (missed.decision, missed.reason, missed.score) == ("none", "miss", None)
    assert (shadowed.decision, shadowed.reason) == ("shadow", reason)
    assert shadowed.namespace == missed.namespace == comparison.namespace
    assert shadowed.score == comparison.score > 0.3
    assert shadowed.entry == comparison.entry
    assert (comparison.candidate, comparison.given) == (first.text, second.text)
    assert (comparison.event_id, comparison.label) == (events[1].event_id, None)
    assert (comparison.question, comparison.probability) == (AGAIN[lever], 1.0)
    assert (comparison.space is None) is (comparison.kept_as is None) is (lever == "near_exact")
    assert events[1].decomposition == {}
    assert [event.is_triggered for event in events] == [True, True]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.usefixtures("always_served")
def test_what_is_certified_is_given_and_its_saving_is_the_levers(
    simulator: RunningSimulator, lever: str, *, is_stream: bool
) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        first = begin(gateway, lever)
        certify(gateway, lever)
        again = ask(gateway, AGAIN[lever], stream=is_stream)
        [_, given] = decisions(gateway, lever, 2)
        [paid, served] = gateway.events(2)
        [certificate] = gateway.tenants[0].shard().certificates.standing
    said = first.json()["choices"][0]["message"]["content"]
    assert (again.headers["netra-cache"], len(simulator.calls())) == (STATUS[lever], 1)
    assert (again.text == first.text) is not is_stream
    assert orjson.dumps(said)[1:-1] in again.content
    assert (given.decision, given.reason, given.certificate_id) == ("act", "hit", certificate.id)
    assert given.entry
    assert given.score
    assert given.score > 0.3
    assert (served.actual_usd, served.counterfactual_usd) == (Decimal(0), paid.actual_usd)
    assert served.decomposition == {lever: paid.actual_usd}
    assert (served.provider, served.served_model) == (paid.provider, paid.served_model)
    assert [each.lever for each in served.decisions] == ["exact_cache", lever]


def test_a_share_of_what_is_certified_is_compared_all_the_same(
    simulator: RunningSimulator, lever: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "_draw", lambda: 0.0)
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        begin(gateway, lever)
        certify(gateway, lever)
        assert ask(gateway, AGAIN[lever]).headers["netra-cache"] == "miss"
        [_, sampled] = decisions(gateway, lever, 2)
        [comparison] = compared(gateway, 1)
    assert (sampled.decision, sampled.reason) == ("shadow", "sampled")
    assert sampled.certificate_id is not None
    assert comparison.probability == 0.1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires_at": "past"}, "uncertified"),
        ({"bound": Decimal("0.02")}, "uncertified"),
        ({"namespace": "another"}, "uncertified"),
        ({"project_id": uuid7()}, "uncertified"),
        ({"threshold": 1.1}, "below"),
    ],
)
@pytest.mark.usefixtures("always_served")
def test_nothing_is_given_beyond_what_is_certified(
    simulator: RunningSimulator, lever: str, changes: dict[str, Any], reason: str
) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        begin(gateway, lever)
        if changes.get("expires_at"):
            changes = {"expires_at": gateway.events(1)[0].started_at}
        [first] = gateway.tenants
        facts = {"namespace": namespace(gateway, lever)} | changes
        gateway.tenants = [certifying(first, lever, facts.pop("namespace"), **facts)]
        assert ask(gateway, AGAIN[lever]).headers["netra-cache"] == "miss"
        assert decisions(gateway, lever, 2)[1].reason == reason
        assert len(compared(gateway, 1)) == 1


@pytest.mark.usefixtures("always_served")
def test_an_answer_that_was_found_wrong_is_not_given_again(
    simulator: RunningSimulator, lever: str
) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        begin(gateway, lever)
        certify(gateway, lever, threshold=1.1)
        ask(gateway, AGAIN[lever])
        [comparison] = compared(gateway, 1)
        assert comparison.entry
        certify(gateway, lever, evicted=[comparison.entry])
        found = ask(gateway, f"{AGAIN[lever]}!").headers["netra-cache"]
        reasons = [each.reason for each in decisions(gateway, lever, 3)]
    expected = {"near_exact": ("miss", "evicted"), "semantic": ("semantic", "hit")}
    assert (found, reasons[-1]) == expected[lever]  # semantic: by the answer given since


def test_equal_answers_need_no_judge(simulator: RunningSimulator, lever: str) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        begin(gateway, lever, **ONE_ANSWER)
        ask(gateway, AGAIN[lever], **ONE_ANSWER)
        [comparison] = compared(gateway, 1)
    assert comparison.label is False


@pytest.mark.usefixtures("always_served")
def test_a_call_of_a_tool_is_nobody_elses_answer(simulator: RunningSimulator, lever: str) -> None:
    with serving(simulator, reusing(tenant(1, simulator.url), lever), lever=lever) as gateway:
        for text in (FIRST, AGAIN[lever], FIRST):
            found = ask(gateway, text, tools=[TOOL]).headers["netra-cache"]
        assert (found, len(simulator.calls())) == ("hit", 2)
        assert [each.reason for each in decisions(gateway, lever, 3)] == ["miss", "miss"]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Can I take 2 bags on the flight?", "number"),
        ("Can't I take 3 bags on the flight?", "negation"),
        ("Can I take 3 bags on the flight to Rome?", "entity"),
    ],
)
@pytest.mark.usefixtures("always_served")
def test_a_veto_stands_against_any_certificate(
    simulator: RunningSimulator, question: str, reason: str
) -> None:
    known = reusing(tenant(1, simulator.url), "semantic")
    with serving(simulator, known, lever="semantic") as gateway:
        ask(gateway, "Can I take 3 bags on the flight?")
        kept(gateway, 1)
        certify(gateway, "semantic")
        assert ask(gateway, question).headers["netra-cache"] == "miss"
        assert decisions(gateway, "semantic", 2)[1].reason == reason


def test_a_lever_that_is_too_slow_leaves_the_call_alone(
    simulator: RunningSimulator, lever: str
) -> None:
    known = reusing(tenant(1, simulator.url), lever)
    slow = quick_settings(lever_seconds=0.0)
    with serving(simulator, known, lever=lever, settings=slow) as gateway:
        assert [ask(gateway, FIRST).headers["netra-cache"] for _ in range(2)] == ["miss", "hit"]
        assert [each.reason for each in decisions(gateway, lever, 2)] == ["slow"]


def test_whoever_bypasses_levers_neither_reads_nor_keeps(
    simulator: RunningSimulator, lever: str
) -> None:
    known = reusing(tenant(1, simulator.url), lever)
    with serving(simulator, known, lever=lever) as gateway:
        away = {"netra-bypass": "true"}
        assert "netra-cache" not in ask(gateway, FIRST, headers=away).headers
        assert ask(gateway, AGAIN[lever]).headers["netra-cache"] == "miss"
        [bypassed, missed] = decisions(gateway, lever, 2)
    assert (bypassed.decision, bypassed.reason, bypassed.score) == ("shadow", "eligible", None)
    assert bypassed.namespace == missed.namespace
    assert (missed.decision, missed.reason) == ("none", "miss")


def test_nothing_is_loaded_for_calls_whose_policy_has_no_semantic_cache(
    simulator: RunningSimulator,
) -> None:
    known = reusing(tenant(1, simulator.url), "near_exact")
    with serving(simulator, known, lever="near_exact") as gateway:
        ask(gateway, FIRST)
        assert gateway.runtime.similar.found is None
