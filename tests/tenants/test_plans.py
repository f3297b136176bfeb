from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tenants.plans import PLANS, Allowance, amount_of, plan_of, upgrade_advice

codes = st.sampled_from([plan.code for plan in PLANS])


def test_agent_runs_of_each_plan() -> None:
    assert {plan.code: amount_of({"plan": plan.code}, Allowance.AGENT_RUNS) for plan in PLANS} == {
        "free": 3,
        "early": 100,
        "mid": 1000,
        "enterprise": 1000,
    }


@pytest.mark.parametrize("entitlements", [{}, {"plan": "gold"}, {"plan": 7}, {"plan": None}])
def test_without_a_known_plan_it_is_free(entitlements: dict[str, Any]) -> None:
    assert plan_of(entitlements).code == "free"


@pytest.mark.parametrize(
    ("own", "amount"),
    [(25, 25), (0, 0), ("unlimited", None), (True, 10), (-1, 10), ("25", 10), (None, 10)],
)
def test_an_entitlement_says_otherwise(own: object, amount: int | None) -> None:
    assert amount_of({"plan": "early", "seats": own}, Allowance.SEATS) == amount


@given(code=codes, allowance=st.sampled_from(Allowance))
def test_no_larger_plan_has_less(code: str, allowance: Allowance) -> None:
    amounts = [amount_of({"plan": plan.code}, allowance) for plan in PLANS]
    bounds = [float("inf") if amount is None else amount for amount in amounts]
    assert bounds == sorted(bounds)


@given(code=codes, allowance=st.sampled_from(Allowance))
def test_the_advice_names_the_next_plan_that_has_more(code: str, allowance: Allowance) -> None:
    advice = upgrade_advice({"plan": code}, allowance)
    has_more = {"free": "Early", "early": "Mid", "mid": "Enterprise"}.get(code)
    is_largest = (code, allowance) == ("mid", Allowance.AGENT_RUNS) or has_more is None
    assert ("Ask us" if is_largest else f"to {has_more} ") in advice
