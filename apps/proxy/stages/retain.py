"""Keep the answer of a call for the next one, and compare it with what would have been given."""

import asyncio

from apps.optimization.answers.entries import Entry
from apps.optimization.answers.forms import FORMS
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.flights import Flight
from apps.proxy.levers import Levers
from apps.proxy.reuse import Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing.comparing import compare
from apps.proxy.stages.reusing.storing import entry_of, store


def retain(exchange: Exchange, runtime: Runtime) -> None:
    """Let the flight of a call that is over land, and store its answer in the background."""
    levers = exchange.levers
    if levers is None or (levers.reuse is None and levers.flight is None):
        return
    flight, levers.flight = levers.flight, None
    reuse = levers.reuse
    if reuse is None or not _is_wanted(levers, reuse) or not _is_keepable(exchange):
        if flight is not None:
            runtime.flights.land(flight, None)
        return
    task = asyncio.create_task(_retained(exchange, runtime, reuse, flight))
    runtime.tasks.add(task)
    task.add_done_callback(runtime.tasks.discard)


async def _retained(
    exchange: Exchange, runtime: Runtime, reuse: Reuse, flight: Flight | None
) -> None:
    entry: Entry | None = None
    try:
        entry = entry_of(exchange, reuse)
        if flight is not None:
            runtime.flights.land(flight, entry)
        if entry is not None:
            alike = compare(exchange, runtime, reuse, entry)
            if reuse.is_keeping:
                await store(exchange, runtime, reuse, entry, same_as=alike)
    except Exception:  # noqa: BLE001  (the call has its answer; only the next one loses)
        figures.fail_lever("exact_cache", "store")
    finally:
        if flight is not None:
            runtime.flights.land(flight, entry)
            runtime.flights.end(flight)


def _is_wanted(levers: Levers, reuse: Reuse) -> bool:
    """Whether the answer is of any use here: one to a prompt that we shortened is not."""
    return levers.removed is None and (reuse.is_keeping or bool(reuse.compared))


def _is_keepable(exchange: Exchange) -> bool:
    """Whole, unfiltered, not cut, and of a model that the caller asked for first."""
    reading = exchange.reading
    if reading is None or exchange.status != 200 or exchange.outcome != "success":
        return False
    endings, reasons = FORMS[exchange.endpoint.name].endings, set(reading.finish_reasons)
    is_whole = reading.is_complete and not reading.is_error and not reading.fault_count
    ended_well = bool(reasons) == bool(endings) and reasons <= endings
    return is_whole and ended_well and exchange.candidate in exchange.tiers[0]
