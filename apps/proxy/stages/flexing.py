"""Ask the cheaper tier before the ordinary one, for as long as the deadline allows."""

from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from apps.proxy.client import ClientLeft
from apps.proxy.deadline import Deadline
from apps.proxy.exchange import Exchange
from apps.proxy.failures import TotalTimeout
from apps.proxy.levers import NONE, Flex, Levers
from apps.proxy.retrying import asked_wait_seconds
from apps.proxy.runtime import Runtime
from apps.proxy.stages.attempting import attempt
from apps.proxy.stages.ease import LEVER
from apps.proxy.upstream import Upstream

# So long a model is not asked for the cheaper tier after it had no room there.
PAUSE_SECONDS = 30.0


async def ask_flex(exchange: Exchange, runtime: Runtime) -> bool:
    """Whether the cheaper tier gave the answer, which then stands in `exchange`.

    Any other outcome leads to the ordinary tier: its refusal is none of the caller's making.
    """
    levers = exchange.levers
    if levers is None or levers.flex is None:
        return False
    ordinary, flex = exchange.timeouts, levers.flex
    exchange.timeouts = replace(ordinary, first_byte=flex.seconds, idle=flex.seconds)
    try:
        async with Deadline(flex.seconds):
            await attempt(exchange, runtime, flex.candidate)
    except TotalTimeout as failure:
        exchange.failure = failure
    finally:
        exchange.timeouts = ordinary
    if exchange.client.has_left:
        raise ClientLeft
    return _is_answered(exchange.upstream, runtime, levers, flex)


def _is_answered(upstream: Upstream | None, runtime: Runtime, levers: Levers, flex: Flex) -> bool:
    key, now = flex.candidate.key, monotonic()
    if upstream is not None and upstream.status < 400:
        runtime.breakers.succeed(key)
        return True
    wait = None if upstream is None else asked_wait_seconds(upstream, at=datetime.now(UTC))
    runtime.breakers.rest(key, until=now + max(PAUSE_SECONDS, wait or 0.0))
    levers.decide(LEVER, NONE, "flex_unanswered" if upstream is None else "flex_refused")
    return False
