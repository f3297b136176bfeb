"""Marks stand where they pay, complete the client's own, and let the provider find its entries."""

from typing import Any

import pytest

from apps.optimization.prefix import (
    CachePrices,
    Mark,
    Plan,
    PromptCachePlanner,
    minimum_tokens,
)
from apps.optimization.prefix.statistics import Stretch
from tests.optimization.prefix.requests import long_request

CONTROL = {"type": "ephemeral"}
END = Mark(("messages", 0, "content"), "5m")
SYSTEM = Mark(("system",), "5m")


@pytest.fixture
def planner() -> PromptCachePlanner:
    return PromptCachePlanner(key=b"k" * 32)


def _send(
    planner: PromptCachePlanner, request: dict[str, Any], at_s: float, namespace: str = "o/p"
) -> Plan:
    plan = planner.plan(request, namespace=namespace, model=request["model"], at_s=at_s)
    planner.applied(plan, at_s=at_s)
    return plan


def test_a_conversation_rolls_its_mark_to_the_end_and_keeps_the_system_apart(
    planner: PromptCachePlanner,
) -> None:
    assert _send(planner, long_request("hello"), 0).marks == (SYSTEM, END)
    second = _send(planner, long_request("hello", "hi", "and?"), 5)
    assert second.marks == (SYSTEM, Mark(("messages", 2, "content"), "5m"))


def test_what_is_shorter_than_the_model_keeps_is_not_marked(planner: PromptCachePlanner) -> None:
    request = {**long_request("hello"), "model": "claude-haiku-4-5"}
    assert _send(planner, request, 0).reason == "too_short"


def test_prompts_that_never_come_back_stop_being_marked(planner: PromptCachePlanner) -> None:
    plans = [
        _send(planner, long_request("x", system=f"{n} " * 4_000), n * 400.0) for n in range(40)
    ]
    assert (plans[0].reason, plans[-1].reason) == ("marked", "few_reads")


def test_a_prompt_that_comes_back_each_half_hour_is_kept_for_an_hour(
    planner: PromptCachePlanner,
) -> None:
    plans = [_send(planner, long_request(f"question {n}"), n * 1_800.0) for n in range(40)]
    assert plans[-1].marks == (Mark(("system",), "1h"),)


def test_the_client_keeps_its_marks_and_only_what_is_missing_is_added(
    planner: PromptCachePlanner,
) -> None:
    request = long_request("hello")
    request["system"] = [{"type": "text", "text": "s" * 9_000, "cache_control": CONTROL}]
    assert _send(planner, request, 0).marks == (END,)


def test_a_mark_at_the_top_of_the_request_is_one_at_its_end(planner: PromptCachePlanner) -> None:
    assert _send(planner, {**long_request("hello"), "cache_control": CONTROL}, 0).marks == (SYSTEM,)


def test_four_marks_of_the_client_leave_no_room(planner: PromptCachePlanner) -> None:
    request = long_request("hello")
    request["system"] = [
        {"type": "text", "text": "s" * 4_000, "cache_control": CONTROL} for _ in range(4)
    ]
    assert _send(planner, request, 0).reason == "no_room"


def test_a_mark_before_the_clients_longer_one_lives_as_long(planner: PromptCachePlanner) -> None:
    request = long_request("hello")
    longer = {**CONTROL, "ttl": "1h"}
    request["messages"][0]["content"] = [{"type": "text", "text": "hi", "cache_control": longer}]
    assert _send(planner, request, 0).marks == (Mark(("system",), "1h"),)


def test_an_entry_farther_back_than_the_provider_looks_gets_a_mark_of_its_own(
    planner: PromptCachePlanner,
) -> None:
    _send(planner, long_request("hello"), 0)
    plan = _send(planner, long_request("hello", *["more"] * 30), 5)
    assert plan.marks == (SYSTEM, END, Mark(("messages", 30, "content"), "5m"))


def test_a_block_that_may_not_be_marked_passes_its_mark_to_the_one_before(
    planner: PromptCachePlanner,
) -> None:
    request = long_request("hello", "hi")
    request["messages"][1]["content"] = [{"type": "thinking", "thinking": "…"}]
    assert _send(planner, request, 0).marks == (SYSTEM, END)


def test_namespaces_learn_nothing_of_each_other() -> None:
    def expected(others: int) -> float:
        planner = PromptCachePlanner(key=b"k" * 32)
        for n in range(others):
            _send(planner, long_request(f"{n}"), n * 1.0, "other/p")
        return planner.plan(
            long_request("mine"), namespace="o/p", model="claude-opus-5", at_s=99.0
        ).expected_reads

    assert expected(50) == expected(0)


@pytest.mark.parametrize("request_", [{}, {"messages": []}, {"messages": [3]}, {"messages": 3}])
def test_a_request_of_unknown_shape_is_left_alone(
    planner: PromptCachePlanner, request_: dict[str, Any]
) -> None:
    plan = planner.plan(request_, namespace="o/p", model="claude-opus-5", at_s=0)
    assert plan == Plan((), "unknown_shape")


@pytest.mark.parametrize(
    ("reads", "pays"), [(0.27, (False, False)), (0.29, (True, False)), (1.2, (True, True))]
)
def test_a_write_pays_above_the_reads_that_its_price_asks_for(
    reads: float, pays: tuple[bool, bool]
) -> None:
    returns = reads / (1 + reads)
    gains = CachePrices().gains(Stretch(0, 1, 5, (returns, returns)))
    assert tuple(gain > 0 for gain in gains) == pays


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-opus-5-5", 512),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1_024),
        ("claude-3.5-haiku-latest", 2_048),
        ("claude-haiku-4-5", 4_096),
        ("something-else", 4_096),
    ],
)
def test_the_minimum_is_the_models(model: str, tokens: int) -> None:
    assert minimum_tokens(model) == tokens
