"""What each plan allows, as data; an entitlement of the same code says otherwise for one customer.

None of these bounds cuts calls through the gateway: only a hard budget of the customer's own does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from apps.kernel.errors import NetraError

AGENT_RUN_WINDOW = timedelta(hours=5)
# The value of an entitlement that lifts a bound; in PLANS it is None.
UNLIMITED = "unlimited"
PLAN = "plan"


class Allowance(StrEnum):
    """What a plan bounds; the values are codes of entitlements too."""

    AGENT_RUNS = "agent_runs"
    REQUESTS = "requests_per_month"
    SEATS = "seats"
    STORAGE = "storage_bytes"


LABELS: dict[Allowance, str] = {
    Allowance.AGENT_RUNS: "agent runs of one person in any 5 hours",
    Allowance.REQUESTS: "requests of this month",
    Allowance.SEATS: "seats",
    Allowance.STORAGE: "bytes of stored prompts and answers",
}
A = Allowance  # the table below reads better short


@dataclass(frozen=True, slots=True)
class Price:
    """Of a month: the lesser of flat_usd and spend_share of what is spent at providers, where None
    is no such price, and savings_share of what was proven saved.
    """

    flat_usd: Decimal | None
    spend_share: Decimal | None
    savings_share: Decimal


# What the entitlements of one customer may say otherwise, as strings of decimals.
PRICE_CODES = {each: f"price_{each}" for each in ("flat_usd", "spend_share", "savings_share")}
SAVINGS_SHARE = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class Plan:
    """amounts: None is without a bound. price: None where it is agreed with each customer."""

    code: str
    name: str
    amounts: Mapping[Allowance, int | None]
    price: Price | None = None


GIB = 2**30
FREE = Plan(
    "free",
    "Free",
    {A.AGENT_RUNS: 3, A.REQUESTS: 10_000, A.SEATS: 3, A.STORAGE: GIB},
    Price(Decimal(0), None, Decimal(0)),
)
# From the smallest to the largest.
PLANS = (
    FREE,
    Plan(
        "early",
        "Early",
        {A.AGENT_RUNS: 100, A.REQUESTS: 1_000_000, A.SEATS: 10, A.STORAGE: 10 * GIB},
        Price(Decimal(99), Decimal("0.02"), SAVINGS_SHARE),
    ),
    Plan(
        "mid",
        "Mid",
        {A.AGENT_RUNS: 1000, A.REQUESTS: 20_000_000, A.SEATS: 50, A.STORAGE: 100 * GIB},
        Price(Decimal(499), Decimal("0.05"), SAVINGS_SHARE),
    ),
    Plan(
        "enterprise",
        "Enterprise",
        {A.AGENT_RUNS: 1000, A.REQUESTS: None, A.SEATS: None, A.STORAGE: None},
    ),
)


class PlanLimitReached(NetraError):
    code = "plan_limit_reached"
    http_status = 402
    message = "Your plan allows no more of this. Upgrade it, or ask us for more."


def plan_of(entitlements: Mapping[str, Any]) -> Plan:
    """The plan that an organization is on; without a known one it is on Free."""
    return next((plan for plan in PLANS if plan.code == entitlements.get(PLAN)), FREE)


def price_of(entitlements: Mapping[str, Any]) -> Price | None:
    """What an organization's own plan costs it; None where that is agreed and not written yet."""
    plan = plan_of(entitlements)
    own = {
        name: Decimal(str(entitlements[code]))
        for name, code in PRICE_CODES.items()
        if entitlements.get(code) is not None
    }
    if plan.price is None and not {"flat_usd", "spend_share"} & set(own):
        return None
    return replace(plan.price or Price(None, None, SAVINGS_SHARE), **own)


def amount_of(entitlements: Mapping[str, Any], allowance: Allowance) -> int | None:
    """How much of `allowance` an organization has; None is without a bound."""
    own = entitlements.get(allowance)
    if own == UNLIMITED:
        return None
    if type(own) is int and own >= 0:
        return own
    return plan_of(entitlements).amounts[allowance]


def upgrade_advice(entitlements: Mapping[str, Any], allowance: Allowance) -> str:
    """The sentence that says how to get more than one has."""
    amount, plan = amount_of(entitlements, allowance), plan_of(entitlements)
    for larger in PLANS[PLANS.index(plan) + 1 :]:
        more = larger.amounts[allowance]
        if amount is not None and (more is None or more > amount):
            shown = "without a bound" if more is None else f"{more:,}"
            return f"Upgrade from {plan.name} to {larger.name} ({shown}) to have more."
    return f"You have the largest plan that bounds this, {plan.name}. Ask us for more."
