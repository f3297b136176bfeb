"""Give a call an answer that was given before: exactly the same call, and nobody else's.

Those held out neither read what is kept nor add to it. What goes wrong here leaves the call as it
came. Kept answers are sealed, and found by a keyed hash (apps/optimization/answers).
"""

import asyncio
from time import perf_counter

from apps.optimization.access import Lever, Policies
from apps.optimization.answers.canonical import Place, answer_key, is_drawn, is_lasting
from apps.optimization.answers.entries import Entry, opened
from apps.optimization.answers.forms import FORMS, stream_of
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, NONE, SHADOW, Levers
from apps.proxy.providers.facts import Reading
from apps.proxy.replaying import Kept
from apps.proxy.runtime import Runtime
from apps.proxy.stages.answering import answer_headers

LEVER: Lever = "exact_cache"
_TELLING = (b"anthropic-version", b"anthropic-beta", b"openai-beta", b"openai-version")


async def answer(exchange: Exchange, runtime: Runtime) -> bool:
    """Whether the call has its answer now, which then stands in `exchange` or is sent."""
    levers = exchange.levers
    if levers is None or levers.policy.state(LEVER) == "off":
        return False
    data_key = exchange.caller.organization.data_key
    if data_key is None or not _is_fit(exchange, levers):
        return False
    try:
        body = await _found(exchange, runtime, levers, data_key)
    except Exception:  # noqa: BLE001  (the call goes on untouched)
        figures.fail_lever(LEVER, "error")
        levers.entry = None
        return False
    if body is None:
        return False
    await _give(exchange, body)
    return True


def place_of(exchange: Exchange, policies: Policies) -> Place:
    """Where the answer of this call belongs: all that could change it beside its body."""
    caller = exchange.caller
    headers = [
        (name.decode(), value) for name in _TELLING if (value := exchange.header(name)) is not None
    ]
    return Place(
        organization_id=caller.organization.id,
        project_id=caller.project.id,
        endpoint=exchange.endpoint.name,
        models=[
            (
                each.credential.provider,
                each.credential.base_url or "",
                each.model or exchange.model or "",
            )
            for each in exchange.tiers[0]
        ],
        epoch=policies.flushed_at(project_id=caller.project.id),
        query=exchange.query,
        headers=headers,
        own_key=caller.own_key,
    )


async def _found(
    exchange: Exchange, runtime: Runtime, levers: Levers, data_key: bytes
) -> bytes | None:
    """The answer as the caller wants it; None leads to the provider."""
    levers.is_triggered = True
    if not levers.may_act:
        levers.decide(LEVER, SHADOW, "eligible")
        return None
    policies = exchange.snapshot.shards[exchange.caller.organization.id].policies
    key = _key(exchange, policies, data_key)
    entry, reason = await _entry(exchange, runtime, levers, key)
    body = _served(exchange, policies, entry)
    if body is None:
        _miss(exchange, levers)
        return None
    _land(runtime, levers, entry)
    if not levers.acts(LEVER):
        levers.decide(LEVER, SHADOW, "would_hit")
        return None
    levers.entry, levers.cache_status = entry, b"hit"
    levers.decide(LEVER, ACTED, reason)
    return body


def _is_fit(exchange: Exchange, levers: Levers) -> bool:
    """Whether the call can be answered from what is kept; for most that is no question at all."""
    document = exchange.facts.document
    if exchange.endpoint.name not in FORMS or not isinstance(document, dict):
        return False
    is_answerable = levers.policy.caches_any_temperature or not is_drawn(document)
    return is_answerable and not is_lasting(document)


def _key(exchange: Exchange, policies: Policies, data_key: bytes) -> str:
    caller, place = exchange.caller, place_of(exchange, policies)
    digest = answer_key(data_key, place, exchange.facts.document)
    return f"{caller.organization.id.hex}:{caller.project.id.hex}:{digest}"


async def _entry(
    exchange: Exchange, runtime: Runtime, levers: Levers, key: str
) -> tuple[Entry | None, str]:
    """What is kept or on its way, and which of the two it was. The first of equal calls leads the
    others from here on, so that none comes between its look into the store and its asking.
    """
    levers.flight = runtime.flights.begin(key)
    flight = runtime.flights.find(key)
    if levers.flight is None and flight is not None and levers.acts(LEVER):
        return await _landed(exchange, flight.landing), "in_flight"
    organization = exchange.caller.organization
    kept = await runtime.answers.get(key)
    if kept is None or organization.data_key is None:
        return None, "miss"
    found = opened(kept, organization.data_key, organization_id=organization.id, key=key)
    return found, "hit"


async def _landed(exchange: Exchange, landing: "asyncio.Future[Entry | None]") -> Entry | None:
    """What the call that came first gets, or None after as long as a provider may take."""
    began = perf_counter()
    try:
        async with asyncio.timeout(exchange.timeouts.first_byte):
            return await asyncio.shield(landing)
    except TimeoutError:
        return None
    finally:
        exchange.timing.waited += perf_counter() - began


def _served(exchange: Exchange, policies: Policies, entry: Entry | None) -> bytes | None:
    if entry is None:
        return None
    project_id = exchange.caller.project.id
    if entry.asked_at <= policies.flushed_at(project_id=project_id, tags=entry.tags):
        return None
    document, facts = entry.document.encode(), exchange.facts
    if not facts.is_stream:
        return document
    form = FORMS[exchange.endpoint.name]
    return stream_of(form, document, has_usage=facts.wants_usage_chunk)


def _land(runtime: Runtime, levers: Levers, entry: Entry | None) -> None:
    """What was found in the store is there for those who wait as well."""
    if levers.flight is not None:
        runtime.flights.land(levers.flight, entry)
        runtime.flights.end(levers.flight)
        levers.flight = None


def _miss(exchange: Exchange, levers: Levers) -> None:
    levers.cache_status = b"miss"
    levers.decide(LEVER, NONE, "miss")
    if levers.flight is not None and exchange.facts.is_stream and exchange.kept is None:
        exchange.kept = bytearray()


async def _give(exchange: Exchange, body: bytes) -> None:
    is_stream = exchange.facts.is_stream
    exchange.upstream = Kept(is_stream=is_stream)
    exchange.status, exchange.answer_type = 200, exchange.upstream.content_type
    entry = exchange.levers.entry if exchange.levers else None
    exchange.reading = Reading(served_model=entry.served_model if entry else None, is_complete=True)
    exchange.timing.first_byte = perf_counter()
    if not is_stream:
        exchange.answer = body
        return
    await exchange.client.start(200, answer_headers(exchange))
    await exchange.client.write(body)
    if exchange.kept is not None:
        exchange.kept += body
