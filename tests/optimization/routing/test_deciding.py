"""A cheaper model serves when it is certified, able, fast, and no warm cache is lost for it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.routing import (
    Abilities,
    Choice,
    Needs,
    Pins,
    Route,
    calls_to_pay,
    choose,
    lacking,
    pays_to_switch,
)
from tests.optimization.patience import PATIENT

ABLE = Abilities(100_000, tools=True, vision=True, json_schema=True, latency_ms=300)
CHEAP = Route("cheap", 0.2, ABLE, threshold=-0.05, gain=0.0)
CHEAPER = Route("cheaper", 0.1, Abilities(1_000), threshold=-0.05, gain=0.0)


def test_the_cheapest_able_route_is_taken() -> None:
    assert choose([CHEAP, CHEAPER], Needs()) == Choice("cheaper", "routed")
    assert choose([CHEAP, CHEAPER], Needs(tools=True)) == Choice("cheap", "routed")


@pytest.mark.parametrize(
    ("change", "more", "reason"),
    [
        ({"threshold": None}, {}, "uncertified"),
        ({"gain": -0.1}, {}, "gain_too_low"),
        ({"abilities": Abilities(10)}, {}, "lacks_context"),
        ({}, {"most_latency_ms": 200.0}, "slow"),
        ({}, {"is_warm": True, "calls_left": 2.0}, "cache_is_warm"),
        ({}, {"pinned": "requested"}, "pinned"),
    ],
)
def test_what_speaks_against_a_route_is_named(
    change: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    needs = Needs(context_tokens=50)
    assert choose([replace(CHEAP, **change)], needs, **more) == Choice(None, reason)


def test_without_routes_nothing_changes() -> None:
    assert choose([], Needs()) == Choice(None, "no_route")


def test_a_running_conversation_keeps_its_model_even_when_the_certificate_is_gone() -> None:
    gone = replace(CHEAP, threshold=None)
    assert choose([gone, CHEAPER], Needs(), pinned="cheap") == Choice("cheap", "pinned")


def test_a_fifth_of_the_price_pays_after_three_more_calls() -> None:
    assert calls_to_pay(0.2) == pytest.approx(11.5 * 0.2 / 0.8)
    assert [pays_to_switch(0.2, calls_left=n, is_warm=True) for n in (2, 3)] == [False, True]
    assert pays_to_switch(0.2, calls_left=0, is_warm=False)


@PATIENT
@given(st.floats(0, 3), st.floats(0, 1e6))
def test_a_dearer_model_never_pays(ratio: float, calls: float) -> None:
    assert not pays_to_switch(1 + ratio, calls_left=calls, is_warm=True)


@pytest.mark.parametrize("name", ["tools", "vision", "json_schema"])
def test_a_missing_ability_is_named(name: str) -> None:
    assert lacking(Needs(**{name: True}), Abilities(10)) == name
    assert lacking(Needs(), Abilities(10)) is None


@PATIENT
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 20)), max_size=20))
def test_pins_are_bounded_and_forgotten_when_idle(calls: list[tuple[str, float]]) -> None:
    pins, last, now_s = Pins(capacity=2, idle_s=10), dict[str, float](), 0.0
    for conversation, after_s in calls:
        now_s += after_s
        found = pins.model(conversation, at_s=now_s)
        assert found is None or now_s - last[conversation] <= 10
        pins.pin(conversation, "m", at_s=now_s)
        last[conversation] = now_s
        assert len(pins) <= 2
    assert not calls or pins.model(calls[-1][0], at_s=now_s) == "m"
