"""What a call would have cost untouched, and what of the difference each lever saved."""

from decimal import Decimal
from typing import NamedTuple, TypedDict
from uuid import UUID

from apps.attribution.access import PeriodAccess
from apps.kernel.events import Charge, Decision, Feature
from apps.kernel.tokens import TokenBuckets
from apps.optimization.access import Lever
from apps.optimization.accounting import decomposed, repeated, unmarked
from apps.optimization.answers.entries import Entry
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.pricing import LISTED, cost_of, priced_model, rate_of, tier_named
from apps.proxy.providers.estimate import foreseen

# Their caches hold what is marked; all others may have held the prompt.
_ASKED = frozenset({"anthropic"})
_NANOS = 10**9


class _Untouched(NamedTuple):
    """The call that a lever changed as it would have been; models: the first with a rate counts."""

    lever: Lever
    provider: str
    models: tuple[str | None, ...]
    tier: str | None
    buckets: TokenBuckets
    units: dict[str, int]


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
    untouched: tuple[Charge, ...]
    counterfactual_usd: Decimal | None
    decomposition: dict[str, Decimal]


def accounts(exchange: Exchange) -> Accounts:
    """What the event says of levers; without any, that the call cost what it would have."""
    levers = exchange.levers
    if levers is None:
        return {"counterfactual_usd": exchange.cost_usd}
    usd, untouched = _counterfactual(exchange, levers)
    found: Accounts = {
        "policy_version": levers.policy_version,
        "unit": levers.unit,
        "is_triggered": levers.is_triggered,
        "decisions": tuple(levers.decisions),
        "counterfactual_usd": usd,
        "decomposition": _parts(exchange, usd, untouched),
    }
    if levers.period is None:
        return found
    if untouched is not None:
        found["untouched"] = (_charge(exchange, untouched),)
    return found | _experiment(exchange, levers, levers.period)


def _parts(
    exchange: Exchange, usd: Decimal | None, untouched: _Untouched | None
) -> dict[str, Decimal]:
    if usd is None or untouched is None or exchange.cost_usd is None:
        return {}
    return decomposed(usd, [(untouched.lever, exchange.cost_usd)])


def _charge(exchange: Exchange, untouched: _Untouched) -> Charge:
    provider, tier = untouched.provider, untouched.tier
    model = priced_model(exchange, provider, *untouched.models, tier=tier) or ""
    return Charge(provider, model, tier_named(tier), LISTED, untouched.buckets, untouched.units)


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
            "expected_nanos": _expected_nanos(exchange),
        },
    }


def _expected_nanos(exchange: Exchange) -> int:
    """The untouched call by what was known before it went out, alike in both arms; 0 unpriced."""
    first, facts = exchange.tiers[0][0], exchange.facts
    provider, tier = first.credential.provider, facts.service_tier
    rate = rate_of(exchange, provider, first.model, exchange.model, tier=tier)
    return int((cost_of(foreseen(facts), {}, rate) or 0) * _NANOS)


def _counterfactual(exchange: Exchange, levers: Levers) -> tuple[Decimal | None, _Untouched | None]:
    """What the call would have cost, and for what, where a lever changed it.

    A call that cannot be priced has no counterfactual: a saving is never made up.
    """
    if exchange.cost_usd is None:
        return None, None
    if levers.entry is not None:
        return _repeated(exchange, levers.entry)
    untouched = _without_marks(exchange) if levers.is_marked else None
    usd = _usd(exchange, untouched) if untouched else None
    return (exchange.cost_usd, None) if usd is None else (usd, untouched)


def _repeated(exchange: Exchange, entry: Entry) -> tuple[Decimal | None, _Untouched | None]:
    """Asking again, by the provider's own cache where that was still warm."""
    cold = TokenBuckets.from_list(entry.buckets)
    age_s = (exchange.started_at - entry.asked_at).total_seconds()
    warm = repeated(cold, age_s=age_s, is_unasked=entry.provider not in _ASKED)
    models, units = (entry.served_model, exchange.model), dict(entry.units)
    for buckets in (warm, cold):
        asked = _Untouched(
            "exact_cache", entry.provider, models, entry.service_tier, buckets, units
        )
        if (usd := _usd(exchange, asked)) is not None:
            return usd, asked
    return None, None


def _without_marks(exchange: Exchange) -> _Untouched | None:
    reading, candidate = exchange.reading, exchange.candidate
    if candidate is None:
        return None
    return _Untouched(
        "prompt_cache",
        candidate.credential.provider,
        (reading.served_model if reading else None, candidate.model, exchange.model),
        reading.service_tier if reading else None,
        unmarked(exchange.buckets),
        reading.units if reading else {},
    )


def _usd(exchange: Exchange, untouched: _Untouched) -> Decimal | None:
    rate = rate_of(exchange, untouched.provider, *untouched.models, tier=untouched.tier)
    return cost_of(untouched.buckets, untouched.units, rate)
