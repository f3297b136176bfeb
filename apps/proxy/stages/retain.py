"""Keep the answer of a call for the next one that is the same."""

import asyncio

import structlog

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers.entries import Entry, sealed
from apps.optimization.answers.forms import FORMS, document_of
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.flights import Flight
from apps.proxy.runtime import Runtime
from apps.proxy.stages.answer import LEVER
from apps.proxy.stages.keep import LARGEST

logger = structlog.get_logger(__name__)


def retain(exchange: Exchange, runtime: Runtime) -> None:
    """Let the flight of a call that is over land, and store its answer in the background."""
    levers = exchange.levers
    if levers is None or levers.flight is None:
        return
    flight, levers.flight = levers.flight, None
    if levers.removed is not None or not _is_keepable(exchange):
        runtime.flights.land(flight, None)
        return
    task = asyncio.create_task(_store(exchange, runtime, flight))
    runtime.tasks.add(task)
    task.add_done_callback(runtime.tasks.discard)


async def _store(exchange: Exchange, runtime: Runtime, flight: Flight) -> None:
    entry: Entry | None = None
    try:
        entry = _entry(exchange)
        runtime.flights.land(flight, entry)
        organization, levers = exchange.caller.organization, exchange.levers
        if entry is not None and organization.data_key is not None and levers is not None:
            box = sealed(
                entry, organization.data_key, organization_id=organization.id, key=flight.key
            )
            await runtime.answers.put(flight.key, box, ttl_s=levers.policy.cache_ttl_s)
    except Exception:  # noqa: BLE001  (the call has its answer; only the next one loses)
        figures.fail_lever(LEVER, "store")
    finally:
        runtime.flights.land(flight, entry)
        runtime.flights.end(flight)


def _is_keepable(exchange: Exchange) -> bool:
    """Whole, unfiltered, not cut, and of a model that the caller asked for first."""
    reading = exchange.reading
    if reading is None or exchange.status != 200 or exchange.outcome != "success":
        return False
    endings = FORMS[exchange.endpoint.name].endings
    is_whole = reading.is_complete and not reading.is_error and not reading.fault_count
    ended_well = bool(reading.finish_reasons) and set(reading.finish_reasons) <= endings
    return is_whole and ended_well and exchange.candidate in exchange.tiers[0]


def _entry(exchange: Exchange) -> Entry | None:
    reading, candidate = exchange.reading, exchange.candidate
    document = _document(exchange, exchange.buckets)
    if document is None or reading is None or candidate is None:
        return None
    return Entry(
        document=document.decode(),
        asked_at=exchange.started_at,
        event_id=exchange.event_id,
        provider=candidate.credential.provider,
        requested_model=exchange.model or "",
        served_model=reading.served_model,
        buckets=tuple(exchange.buckets.to_list()),
        units=reading.units,
        service_tier=reading.service_tier,
        tags=frozenset(f"{name}={value}" for name, value in exchange.caller.tags.items()),
    )


def _document(exchange: Exchange, buckets: TokenBuckets) -> bytes | None:
    if exchange.answer is not None:
        return exchange.answer if len(exchange.answer) <= LARGEST else None
    if exchange.kept is None or len(exchange.kept) > LARGEST:
        return None
    return document_of(FORMS[exchange.endpoint.name], bytes(exchange.kept), buckets)
