"""Hand the answer on: whole, or chunk by chunk with its usage read as it passes."""

from time import perf_counter

from apps.kernel.errors import NetraError
from apps.proxy.exchange import Exchange
from apps.proxy.failures import Truncated
from apps.proxy.providers.dialect import Watcher, provider_request_id
from apps.proxy.providers.facts import Reading
from apps.proxy.stages.answering import answer_headers
from apps.proxy.stages.keep import LARGEST
from apps.proxy.upstream import Upstream

# Ends an event that was cut in its middle; after a whole one it says nothing.
_END_OF_EVENT = b"\n\n"


async def relay(exchange: Exchange) -> None:
    """Send a streamed answer up to its last byte; read a whole one, which is sent once recorded.

    Raises UpstreamFailure when the provider breaks off.
    """
    upstream = exchange.answering
    exchange.status, exchange.answer_type = upstream.status, upstream.content_type
    if exchange.answer is None:
        exchange.provider_request_id = provider_request_id(upstream.headers)
        await _stream(exchange, upstream)
    else:
        exchange.reading = exchange.dialect.read_body(
            exchange.endpoint, exchange.facts, upstream.status, upstream.headers, exchange.answer
        )
        exchange.provider_request_id = exchange.reading.provider_request_id
    upstream.release()


async def _stream(exchange: Exchange, upstream: Upstream) -> None:
    watcher = exchange.dialect.watcher(
        exchange.endpoint,
        exchange.facts,
        upstream.content_type,
        strip_usage=exchange.has_asked_usage,
    )
    exchange.watcher = watcher
    await exchange.client.start(upstream.status, answer_headers(exchange))
    await _pass_chunks(exchange, upstream, watcher)
    rest = watcher.end()
    exchange.reading = watcher.outcome()
    if exchange.is_event_stream and exchange.endpoint.kind == "generate":
        _require_end(exchange.reading)
    if rest:
        await exchange.client.write(rest)


async def _pass_chunks(exchange: Exchange, upstream: Upstream, watcher: Watcher) -> None:
    feed, write, kept = watcher.feed, exchange.client.write, exchange.kept
    chunk = exchange.first_chunk or await _next(exchange, upstream)
    while chunk:
        if passed := feed(chunk):
            await write(passed)
            if kept is not None and len(kept) <= LARGEST:
                kept += passed
        chunk = await _next(exchange, upstream)


async def _next(exchange: Exchange, upstream: Upstream) -> bytes:
    began = perf_counter()
    try:
        return await upstream.next_chunk()
    finally:
        exchange.timing.waited += perf_counter() - began


def _require_end(reading: Reading) -> None:
    """A stream of events that ends without its last one was cut, however cleanly it closed."""
    if not reading.is_complete and not reading.is_error:
        raise Truncated


def ending_event(exchange: Exchange, failure: NetraError) -> bytes | None:
    """What tells the caller that the answer stops in the middle; None where no event has a place.

    A body that is no stream of events can only break off without its end.
    """
    watcher = exchange.watcher
    if watcher is None or not exchange.is_event_stream:
        return None
    exchange.reading = watcher.outcome()
    event = watcher.error_event(failure.code, failure.detail, request_id=exchange.request_id)
    return _END_OF_EVENT + event
