"""What a call would have cost untouched, and what of the difference each lever saved."""

from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from apps.attribution.access import PeriodAccess
from apps.kernel.events import Decision, Feature
from apps.kernel.tokens import TokenBuckets
from apps.optimization.accounting import decomposed, repeated, unmarked
from apps.optimization.answers.entries import Entry
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.pricing import cost_of, rate_of

# Their caches hold what is marked; all others may have held the prompt.
_ASKED = frozenset({"anthropic"})


class Accounts(TypedDict, total=False):
    """Fields of the event that the levers' stages fill in."""

    policy_version: int
    unit: str | None
    experiment_id: UUID
    period_id: UUID
    arm: str
    propensity: float
    is_triggered: bool
    decisions: tuple[Decision, ...]
    features: dict[str, Feature]
    counterfactual_usd: Decimal | None
    decomposition: dict[str, Decimal]


def accounts(exchange: Exchange) -> Accounts:
    """What the event says of levers; without any, that the call cost what it would have."""
    levers = exchange.levers
    if levers is None:
        return {"counterfactual_usd": exchange.cost_usd}
    counterfactual, steps = _steps(exchange, levers)
    found: Accounts = {
        "policy_version": levers.policy_version,
        "unit": levers.unit,
        "is_triggered": levers.is_triggered,
        "decisions": tuple(levers.decisions),
        "counterfactual_usd": counterfactual,
        "decomposition": _parts(counterfactual, steps),
    }
    return found if levers.period is None else found | _experiment(exchange, levers, levers.period)


def _parts(counterfactual: Decimal | None, steps: list[tuple[str, Decimal]]) -> dict[str, Decimal]:
    return decomposed(counterfactual, steps) if counterfactual is not None and steps else {}


def _experiment(exchange: Exchange, levers: Levers, period: PeriodAccess) -> Accounts:
    facts = exchange.facts
    return {
        "experiment_id": period.experiment_id,
        "period_id": period.id,
        "arm": str(levers.arm),
        "propensity": period.propensity,
        "features": {
            "prompt_bytes": facts.prompt_text_bytes,
            "max_output_tokens": facts.max_output_tokens or 0,
            "has_tools": int(facts.has_tools),
            "is_bypassed": int(levers.is_bypassed),
        },
    }


def _steps(exchange: Exchange, levers: Levers) -> tuple[Decimal | None, list[tuple[str, Decimal]]]:
    """The counterfactual, and the cost once each lever that acted had acted, the last the actual.

    A call that cannot be priced has no counterfactual: a saving is never made up.
    """
    actual = exchange.cost_usd
    if actual is None:
        return None, []
    if levers.entry is not None:
        return _repeated_usd(exchange, levers.entry, exchange.started_at), [("exact_cache", actual)]
    if levers.is_marked and (usd := _usd(exchange, unmarked(exchange.buckets))) is not None:
        return usd, [("prompt_cache", actual)]
    return actual, []


def _repeated_usd(exchange: Exchange, entry: Entry, at: datetime) -> Decimal | None:
    """What asking again would have cost, by the provider's own cache where that was still warm."""
    rate = rate_of(
        exchange, entry.provider, entry.served_model, exchange.model, tier=entry.service_tier
    )
    buckets = TokenBuckets.from_list(entry.buckets)
    age_s = (at - entry.asked_at).total_seconds()
    warm = repeated(buckets, age_s=age_s, is_unasked=entry.provider not in _ASKED)
    usd = cost_of(warm, dict(entry.units), rate)
    return cost_of(buckets, dict(entry.units), rate) if usd is None else usd


def _usd(exchange: Exchange, buckets: TokenBuckets) -> Decimal | None:
    reading, candidate = exchange.reading, exchange.candidate
    if candidate is None:
        return None
    served = reading.served_model if reading else None
    provider, tier = candidate.credential.provider, reading.service_tier if reading else None
    rate = rate_of(exchange, provider, served, candidate.model, exchange.model, tier=tier)
    return cost_of(buckets, reading.units if reading else {}, rate)
