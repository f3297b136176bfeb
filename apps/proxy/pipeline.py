"""The stages of a call in their order, and what happens when one of them stops it.

receive and authenticate → admit → assign → answer or defer → shape → ease → call → relay → record.
Authentication needs the head of the request only and comes before its body is read.
"""

import asyncio

import structlog

from apps.kernel.errors import NetraError
from apps.proxy import figures
from apps.proxy.client import ClientLeft
from apps.proxy.deadline import Deadline
from apps.proxy.exchange import Exchange, InternalError
from apps.proxy.failures import Stopped
from apps.proxy.runtime import Runtime
from apps.proxy.stages.admit import admit
from apps.proxy.stages.answer import answer
from apps.proxy.stages.answering import answer_headers, refusal_headers
from apps.proxy.stages.assign import assign, remember
from apps.proxy.stages.attempting import drop_upstream
from apps.proxy.stages.authenticate import authenticate
from apps.proxy.stages.call import call
from apps.proxy.stages.compare import compare
from apps.proxy.stages.defer import defer
from apps.proxy.stages.ease import ease
from apps.proxy.stages.keep import keep
from apps.proxy.stages.receive import receive
from apps.proxy.stages.record import price, record
from apps.proxy.stages.relay import ending_event, relay
from apps.proxy.stages.retain import retain
from apps.proxy.stages.shaping import shape

logger = structlog.get_logger(__name__)


async def carry(exchange: Exchange, runtime: Runtime) -> None:
    """Carry one call from its first to its last byte. Raises CancelledError only."""
    figures.enter()
    try:
        await _answer(exchange, runtime)
    except ClientLeft:
        return
    except asyncio.CancelledError:
        if not exchange.client.has_left:
            exchange.failure = Stopped()
            raise
        if task := asyncio.current_task():
            task.uncancel()
    finally:
        exchange.client.unwatch()
        drop_upstream(exchange)
        _record_once(exchange, runtime)
        figures.leave()


async def _answer(exchange: Exchange, runtime: Runtime) -> None:
    try:
        await _run_stages(exchange, runtime)
    except NetraError as error:
        exchange.failure = error
    except ClientLeft:
        raise
    except Exception:  # the caller gets an answer and the call a record, whatever broke
        logger.exception("gateway_call_failed", request_id=exchange.request_id)
        exchange.failure = InternalError()
    await _finish(exchange, runtime)


async def _run_stages(exchange: Exchange, runtime: Runtime) -> None:
    authenticate(exchange, runtime)
    await receive(exchange, runtime)
    await admit(exchange, runtime)
    assign(exchange, runtime)
    if await answer(exchange, runtime) or defer(exchange, runtime):
        return
    shape(exchange, runtime)
    ease(exchange, runtime)
    async with Deadline(exchange.timeouts.total):
        await call(exchange, runtime)
        await relay(exchange)


async def _finish(exchange: Exchange, runtime: Runtime) -> None:
    """Record, then send what ends the answer: whoever has it whole is in the record."""
    client, failure = exchange.client, exchange.failure
    if failure is None:
        price(exchange)
        headers = answer_headers(exchange) if exchange.answer is not None else None
        _record_once(exchange, runtime)
        if headers is not None:
            await client.start(exchange.answering.status, headers)
        await client.finish(exchange.answer or b"")
    elif client.has_started:
        event = ending_event(exchange, failure)
        _record_once(exchange, runtime)
        if event is not None:
            await client.finish(event)
    else:
        await _refuse(exchange, runtime, failure)


async def _refuse(exchange: Exchange, runtime: Runtime, failure: NetraError) -> None:
    exchange.status = failure.http_status
    headers, body = exchange.dialect.error(
        failure.http_status,
        failure.code,
        failure.detail,
        request_id=exchange.request_id,
        param=getattr(failure, "param", None),
    )
    _record_once(exchange, runtime)
    if exchange.client.has_left:
        return
    await exchange.client.start(failure.http_status, refusal_headers(exchange, failure, headers))
    await exchange.client.finish(body)


def _record_once(exchange: Exchange, runtime: Runtime) -> None:
    if exchange.is_recorded:
        return
    exchange.is_recorded = True
    exchange.client.unwatch()
    if not exchange.has_caller:
        figures.turn_away(exchange.failure.code if exchange.failure else "left")
        return
    if exchange.reading is None and exchange.watcher:
        exchange.reading = exchange.watcher.outcome()
    price(exchange)
    if not (exchange.is_deferred or exchange.is_carried):
        keep(exchange, runtime)
    record(exchange, runtime)
    compare(exchange, runtime)
    retain(exchange, runtime)
    remember(exchange, runtime)
