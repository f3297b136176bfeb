"""Take the provider's cheaper tier where the caller's deadline leaves time for it.

OpenAI's flex gives the same answer for half of the price, later or not at all; then the ordinary
tier is asked within the time that is left. Whoever names a tier keeps it.
"""

from dataclasses import replace
from datetime import timedelta
from time import monotonic

from apps.optimization.access import Lever
from apps.optimization.accounting import Charged
from apps.optimization.deadlines.flex import patience_seconds
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, NONE, SHADOW, Flex, Levers
from apps.proxy.pricing import is_cheaper
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate

LEVER: Lever = "tier"
FLEX = "flex"
TIER_MEMBER = "service_tier"
_OFFERED = frozenset({"chat.completions", "responses"})
_OFFERING = frozenset({"openai"})


def ease(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `levers.flex` of a call that may wait; never raises."""
    levers = exchange.levers
    if levers is None or levers.policy.state(LEVER) == "off" or _has_decided(levers):
        return
    try:
        levers.flex = _flex(exchange, runtime, levers)
        if levers.flex is not None:
            total = exchange.timeouts.total + levers.flex.seconds
            exchange.timeouts = replace(exchange.timeouts, total=total)
    except Exception:  # noqa: BLE001  (the call goes on untouched)
        figures.fail_lever(LEVER, "error")
        levers.flex = None


def _has_decided(levers: Levers) -> bool:
    """Whether the call could have waited for longer, and was to be answered by a batch."""
    return any(each.lever == LEVER for each in levers.decisions)


def without_flex(exchange: Exchange, _levers: Levers, charged: Charged) -> Charged | None:
    """The call in the ordinary tier, where the cheaper one was asked for and served it."""
    candidate = exchange.candidate
    was_asked = candidate is not None and candidate.service_tier == FLEX
    return charged._replace(tier=None) if was_asked and charged.tier == FLEX else None


def due_in(exchange: Exchange, levers: Levers) -> timedelta | None:
    """From the call's arrival; None where neither the call nor the policy says so."""
    if exchange.due_at is not None:
        return exchange.due_at - exchange.started_at
    default_s = levers.policy.deadline_s
    return None if default_s is None else timedelta(seconds=default_s)


def _flex(exchange: Exchange, runtime: Runtime, levers: Levers) -> Flex | None:
    within, candidate = due_in(exchange, levers), _offered(exchange)
    if within is None or candidate is None:
        return None
    levers.is_triggered = True
    if not levers.acts(LEVER):
        levers.decide(LEVER, SHADOW, FLEX)
        return None
    eased = replace(candidate, service_tier=FLEX)
    if runtime.breakers.is_open(eased.key, now=monotonic()):
        levers.decide(LEVER, NONE, "unavailable")
        return None
    levers.decide(LEVER, ACTED, FLEX)
    remaining = within.total_seconds() - exchange.timing.elapsed_ms() / 1000
    return Flex(eased, patience_seconds(remaining))


def _offered(exchange: Exchange) -> Candidate | None:
    """Who would be asked first, where it has a cheaper price for calls that wait."""
    document, first = exchange.facts.document, exchange.asked_tiers[0][0]
    is_fit = exchange.endpoint.name in _OFFERED and exchange.is_replayable
    if not is_fit or not isinstance(document, dict) or TIER_MEMBER in document:
        return None
    provider = first.credential.provider
    return first if provider in _OFFERING and is_cheaper(exchange, first, FLEX) else None
