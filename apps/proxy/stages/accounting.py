"""What a call would have cost untouched, and what of the difference each lever saved."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypedDict
from uuid import UUID

from apps.attribution.access import PeriodAccess
from apps.kernel.events import Charge, Decision, Feature
from apps.kernel.tokens import TokenBuckets
from apps.optimization.access import LEVERS, REUSING, Lever
from apps.optimization.accounting import KEEP_WHEN_ASKED, Charged, decomposed, repeated
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.pricing import LISTED, cost_of, priced_model, rate_of, tier_named
from apps.proxy.providers.estimate import foreseen
from apps.proxy.stages import ease
from apps.proxy.stages.shaping import compression, prompt_cache, routing
from apps.tenants.passes import LEVER_TAG

# Calls of our own workers that compare answers, for the lever that their tag names.
OVERHEADS = frozenset({"shadow", "judge"})
_NANOS = 10**9


# A call as it would have been without a lever that acted on it, from what it was with that lever
# and without those after it; None where the lever did not act, or nothing is claimed for it.
Undo = Callable[[Exchange, Levers, Charged], Charged | None]


class _Untouched(NamedTuple):
    """usd: the call's counterfactual cost. charged: for what, where any lever changed it."""

    usd: Decimal | None
    charged: Charged | None
    saved: dict[str, Decimal]


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
    if exchange.caller.kind in OVERHEADS:
        return _overhead(exchange)
    if levers is None:
        return {"counterfactual_usd": exchange.cost_usd}
    untouched = _undone(exchange, levers)
    found: Accounts = {
        "policy_version": levers.policy_version,
        "unit": levers.unit,
        "is_triggered": levers.is_triggered,
        "decisions": tuple(levers.decisions),
        "counterfactual_usd": untouched.usd,
        "decomposition": untouched.saved,
    }
    if levers.period is None:
        return found
    if untouched.charged is not None:
        found["untouched"] = (_charge(exchange, untouched.charged),)
    return found | _experiment(exchange, levers, levers.period)


def _overhead(exchange: Exchange) -> Accounts:
    """Without levers nobody would compare answers: the whole cost is what the lever lost by it, and
    the experiment that runs has to make up for it.
    """
    lever, usd = exchange.caller.tags.get(LEVER_TAG), exchange.cost_usd
    if lever not in LEVERS or usd is None:
        return {"counterfactual_usd": usd}
    found: Accounts = {"counterfactual_usd": Decimal(0), "decomposition": {lever: -usd}}
    if (period := _running(exchange)) is not None:
        found |= {"experiment_id": period.experiment_id, "period_id": period.id}
    return found


def _running(exchange: Exchange) -> PeriodAccess | None:
    caller = exchange.caller
    shard = exchange.snapshot.shards[caller.organization.id]
    return shard.experiments.running(project_id=caller.project.id, at=exchange.started_at)


def _charge(exchange: Exchange, charged: Charged) -> Charge:
    provider, models, tier, buckets, units = charged
    model = priced_model(exchange, provider, *models, tier=tier) or ""
    return Charge(provider, model, tier_named(tier), LISTED, buckets, units)


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


def _undone(exchange: Exchange, levers: Levers) -> _Untouched:
    """Undo the levers that acted, the last one first, down to the untouched call.

    Each saved what the call costs more without it than with it, those after it undone: the parts
    sum to the whole exactly. A lever whose call cannot be priced without it claims nothing.
    """
    if exchange.cost_usd is None:
        return _Untouched(None, None, {})
    if not levers.has_acted:
        return _Untouched(exchange.cost_usd, None, {})
    charged, usd = _paid(exchange), exchange.cost_usd
    steps: list[tuple[str, Decimal]] = []
    for lever, undo in _UNDOING:
        before = undo(exchange, levers, charged)
        before_usd = None if before is None else _usd(exchange, before)
        if before is not None and before_usd is not None:
            steps.append((lever, usd))
            charged, usd = before, before_usd
    if not steps:  # what an answer was worth that cannot be priced, nobody knows
        return _Untouched(None if levers.entry else usd, None, {})
    return _Untouched(usd, charged, decomposed(usd, reversed(steps)))


def _paid(exchange: Exchange) -> Charged:
    reading, candidate = exchange.reading, exchange.candidate
    return Charged(
        candidate.credential.provider if candidate else "",
        (
            reading.served_model if reading else None,
            candidate.model if candidate else None,
            exchange.model,
        ),
        reading.service_tier if reading else None,
        exchange.buckets,
        reading.units if reading else {},
    )


def _asked_again(exchange: Exchange, levers: Levers, charged: Charged) -> Charged | None:
    """A kept answer's call, by the provider's own cache where that was still warm."""
    entry = levers.entry
    if entry is None:
        return None
    cold = TokenBuckets.from_list(entry.buckets)
    age_s = (exchange.started_at - entry.asked_at).total_seconds()
    warm = repeated(cold, age_s=age_s, is_unasked=entry.provider not in KEEP_WHEN_ASKED)
    models, units = (entry.served_model, exchange.model), dict(entry.units)
    asked = Charged(entry.provider, models, entry.service_tier, warm, units)
    return asked if _usd(exchange, asked) is not None else asked._replace(buckets=cold)


def _usd(exchange: Exchange, charged: Charged) -> Decimal | None:
    rate = rate_of(exchange, charged.provider, *charged.models, tier=charged.tier)
    return cost_of(charged.buckets, charged.units, rate)


def _not_given(lever: Lever) -> Undo:
    """The call without the kept answer that this lever gave it."""

    def undo(exchange: Exchange, levers: Levers, charged: Charged) -> Charged | None:
        return _asked_again(exchange, levers, charged) if levers.given_by == lever else None

    return undo


_UNDOES: Mapping[Lever, Undo] = {
    **{lever: _not_given(lever) for lever in REUSING},
    routing.LEVER: routing.without_routing,
    compression.LEVER: compression.without_compression,
    prompt_cache.LEVER: prompt_cache.without_marks,
    ease.LEVER: ease.without_flex,
}
_UNDOING = tuple((lever, _UNDOES[lever]) for lever in reversed(LEVERS) if lever in _UNDOES)
