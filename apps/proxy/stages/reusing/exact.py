"""Find the answer of the very same call: kept, or on its way here or in another process."""

import asyncio
from time import perf_counter

from apps.optimization.access import Lever
from apps.optimization.answers.entries import Entry, opened
from apps.proxy.exchange import Exchange
from apps.proxy.flights import Flight
from apps.proxy.levers import ACTED, NONE, SHADOW, Levers
from apps.proxy.reuse import Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing.giving import body_of

LEVER: Lever = "exact_cache"
# Between two looks for what another process asks: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1


async def find(exchange: Exchange, runtime: Runtime, levers: Levers, reuse: Reuse) -> bytes | None:
    """The answer as the caller wants it; None leads on."""
    entry, reason = await _entry(exchange, runtime, levers, reuse)
    body = body_of(exchange, entry)
    if body is None:
        levers.decide(LEVER, NONE, "miss")
        return None
    _land(runtime, levers, entry)
    if not levers.acts(LEVER):
        levers.decide(LEVER, SHADOW, "would_hit")
        return None
    levers.give(entry, by=LEVER)
    levers.decide(LEVER, ACTED, reason, entry=reuse.key)
    return body


async def _entry(
    exchange: Exchange, runtime: Runtime, levers: Levers, reuse: Reuse
) -> tuple[Entry | None, str]:
    """What is kept or on its way, and which of the two it was. The first of equal calls leads the
    others from here on, so that none comes between its look into the store and its asking.
    """
    levers.flight = runtime.flights.begin(reuse.key)
    reuse.is_keeping = levers.flight is not None
    if not levers.acts(LEVER):
        kept = await runtime.answers.get(reuse.key)
        return _opened(exchange, reuse, kept), "hit"
    flight = runtime.flights.find(reuse.key)
    if levers.flight is None and flight is not None:
        return await _waited(exchange, flight), "in_flight"
    return await _looked(exchange, runtime, reuse)


async def _waited(exchange: Exchange, flight: Flight) -> Entry | None:
    """What the call that came first gets, or None after as long as a provider may take."""
    began = perf_counter()
    try:
        async with asyncio.timeout(exchange.timeouts.first_byte):
            return await asyncio.shield(flight.landing)
    except TimeoutError:
        return None
    finally:
        exchange.timing.waited += perf_counter() - began


async def _looked(exchange: Exchange, runtime: Runtime, reuse: Reuse) -> tuple[Entry | None, str]:
    """What the store has, or will have as soon as the process is done that asks for it."""
    look = await runtime.answers.look(reuse.key)
    if not look.is_awaited:
        return _opened(exchange, reuse, look.kept), "hit"
    began = perf_counter()
    try:
        async with asyncio.timeout(exchange.timeouts.first_byte):
            kept = await _asked_elsewhere(runtime, reuse.key)
    except TimeoutError:
        kept = None
    finally:
        exchange.timing.waited += perf_counter() - began
    return _opened(exchange, reuse, kept), "in_flight"


async def _asked_elsewhere(runtime: Runtime, key: str) -> bytes | None:
    """What another process gets; None once it is on this one to ask."""
    pause = _FIRST_PAUSE
    while True:
        await asyncio.sleep(pause)
        look = await runtime.answers.look(key)
        if not look.is_awaited:
            return look.kept
        pause = min(2 * pause, _LONGEST_PAUSE)


def _opened(exchange: Exchange, reuse: Reuse, kept: bytes | None) -> Entry | None:
    """None for what is not kept, and for what somebody said was bad."""
    organization_id = exchange.caller.organization.id
    evicted = exchange.snapshot.shards[organization_id].certificates.evicted
    if kept is None or reuse.key in evicted:
        return None
    return opened(kept, reuse.data_key, organization_id=organization_id, key=reuse.key)


def _land(runtime: Runtime, levers: Levers, entry: Entry | None) -> None:
    """What was found in the store is there for those who wait as well."""
    if levers.flight is not None:
        runtime.flights.land(levers.flight, entry)
        runtime.flights.end(levers.flight)
        levers.flight = None
