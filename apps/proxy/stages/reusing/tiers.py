"""Ask each tier in turn, within its time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

from apps.optimization.access import Lever
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import NONE, SHADOW, Levers
from apps.proxy.reuse import Candidate, Nothing, Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing import exact, near, semantic
from apps.proxy.stages.reusing.giving import body_of
from apps.proxy.stages.reusing.weighing import weigh

Ask = Callable[[Exchange, Runtime, Levers, Reuse], Awaitable[bytes | None]]
_HIT = b"hit"


@dataclass(frozen=True, slots=True)
class Tier:
    """One lever: which calls it is for, where it finds their answers, and how it says so."""

    lever: Lever
    status: bytes
    is_fit: Callable[[Reuse], bool]
    find: Callable[[Exchange, Runtime, Reuse], Awaitable[Candidate | Nothing]]


_NEAR = (
    Tier(near.LEVER, near.STATUS, near.is_fit, near.find),
    Tier(semantic.LEVER, semantic.STATUS, semantic.is_fit, semantic.find),
)


def concerns(levers: Levers, reuse: Reuse) -> bool:
    """Whether any tier would look for an answer to the call."""
    return levers.policy.state(exact.LEVER) != "off" or bool(_fit(levers, reuse))


async def first_found(
    exchange: Exchange, runtime: Runtime, levers: Levers, reuse: Reuse
) -> bytes | None:
    """The answer of the first tier that may give one, as the caller wants it."""
    if levers.policy.state(exact.LEVER) != "off":
        body = await exact.find(exchange, runtime, levers, reuse)
        if body is not None:
            levers.cache_status = _HIT
            return body
    for tier in _fit(levers, reuse):
        body = await _asked(exchange, runtime, levers, reuse, tier)
        if body is not None:
            levers.cache_status = tier.status
            return body
    return None


def stand_aside(levers: Levers, reuse: Reuse) -> None:
    """Say what the tiers would have looked for; nothing is read, and nothing will be kept."""
    if levers.policy.state(exact.LEVER) != "off":
        levers.decide(exact.LEVER, SHADOW, "eligible")
    for tier in _fit(levers, reuse):
        levers.decide(tier.lever, SHADOW, "eligible", namespace=reuse.namespace)


def _fit(levers: Levers, reuse: Reuse) -> list[Tier]:
    """The tiers of near answers that are not off, and for which the call is fit."""
    return [
        tier for tier in _NEAR if levers.policy.state(tier.lever) != "off" and tier.is_fit(reuse)
    ]


async def _asked(
    exchange: Exchange, runtime: Runtime, levers: Levers, reuse: Reuse, tier: Tier
) -> bytes | None:
    began, limit = perf_counter(), runtime.settings.lever_seconds
    try:
        async with asyncio.timeout(limit):
            found = await tier.find(exchange, runtime, reuse)
    except TimeoutError:
        found = Nothing("slow")
    except Exception:  # noqa: BLE001  (the call goes on to the next tier, or its provider)
        figures.fail_lever(tier.lever, "error")
        return None
    if perf_counter() - began > limit:
        figures.fail_lever(tier.lever, "slow")
        found = Nothing("slow")
    if isinstance(found, Nothing):
        levers.decide(tier.lever, NONE, found.reason, namespace=reuse.namespace)
        return None
    body = body_of(exchange, found.entry)
    if body is None or not weigh(exchange, levers, reuse, tier.lever, found):
        return None
    levers.give(found.entry, by=tier.lever)
    return body
