"""One try at one provider, and its line in the record."""

import asyncio
from time import monotonic, perf_counter

import orjson

from apps.kernel.events import Attempt, Outcome
from apps.proxy.exchange import NOTHING, Exchange
from apps.proxy.failures import FirstByteTimeout, InvalidAnswer, Truncated, UpstreamFailure
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate
from apps.proxy.stages.requesting import upstream_request
from apps.proxy.upstream import EVENT_STREAM, Upstream

# The body of a refusal is a message; more of it is not kept.
_LARGEST_REFUSAL = 1 << 20
_JSON = "application/json"
_PAGE = "text/html"
# What answers in sound, text or files as well as in JSON.
_ANY_TYPE = frozenset({"audio"})
# What passes unread, of any size.
_CARRIED = frozenset({"manage", "unknown"})


async def attempt(exchange: Exchange, runtime: Runtime, candidate: Candidate) -> None:
    """Ask `candidate`; `exchange.upstream` is its answer, or None with `failure` set."""
    _forget(exchange, candidate)
    began = perf_counter()
    runtime.breakers.admit(candidate.key, now=monotonic())
    exchange.timing.sent = exchange.timing.sent or began
    try:
        await _ask(exchange, runtime, candidate)
        runtime.latencies.observe(candidate, (perf_counter() - began) * 1000)
    except UpstreamFailure as failure:
        drop_upstream(exchange)
        exchange.failure = failure
    except asyncio.CancelledError:
        drop_upstream(exchange)
        raise
    finally:
        waited = perf_counter() - began
        exchange.timing.waited += waited
        exchange.attempts.append(_line(exchange, candidate, began, waited))


def drop_upstream(exchange: Exchange) -> None:
    """Break the connection to the provider, if there is one."""
    if exchange.upstream:
        exchange.upstream.abort()
        exchange.upstream = None


def _forget(exchange: Exchange, candidate: Candidate) -> None:
    """What the attempt before left behind."""
    exchange.candidate = candidate
    exchange.upstream = exchange.answer = exchange.failure = None
    exchange.first_chunk = b""


async def _ask(exchange: Exchange, runtime: Runtime, candidate: Candidate) -> None:
    request = upstream_request(exchange, candidate)
    try:
        exchange.upstream = await runtime.transport.open(request, exchange.timeouts)
        await _take_in(exchange, exchange.upstream, runtime)
    finally:
        exchange.timing.first_byte = perf_counter()


async def _take_in(exchange: Exchange, upstream: Upstream, runtime: Runtime) -> None:
    """Read as much as must be there before the caller hears of this answer."""
    if upstream.status >= 400:
        exchange.answer = await upstream.read(_LARGEST_REFUSAL)
    elif exchange.endpoint.kind in _CARRIED:
        return
    elif _is_whole(exchange, upstream):
        exchange.answer = await upstream.read(runtime.settings.largest_answer)
        _require_json(exchange.answer)
    else:
        _require_type(exchange, upstream)
        exchange.first_chunk = await _first(upstream, exchange.timeouts.first_byte)


def _is_whole(exchange: Exchange, upstream: Upstream) -> bool:
    is_streamed_array = exchange.facts.is_stream and exchange.endpoint.family == "google"
    return upstream.content_type == _JSON and not is_streamed_array


def _require_type(exchange: Exchange, upstream: Upstream) -> None:
    kind = upstream.content_type
    if kind in (EVENT_STREAM, _JSON):
        return
    if exchange.endpoint.kind not in _ANY_TYPE or kind == _PAGE:
        raise InvalidAnswer


def _require_json(answer: bytes) -> None:
    try:
        orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise InvalidAnswer from error


async def _first(upstream: Upstream, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            chunk = await upstream.next_chunk()
    except TimeoutError as error:
        raise FirstByteTimeout from error
    if not chunk:
        raise Truncated
    return chunk


def _line(exchange: Exchange, candidate: Candidate, began: float, seconds: float) -> Attempt:
    failure = exchange.failure
    return Attempt(
        provider=candidate.credential.provider,
        credential_id=candidate.credential_id,
        model=candidate.model or exchange.model,
        status=exchange.upstream.status if exchange.upstream else None,
        outcome=_outcome(exchange),
        buckets=NOTHING,
        started_ms=(began - exchange.timing.started) * 1000,
        latency_ms=seconds * 1000,
        error_code=failure.code if failure else None,
    )


def _outcome(exchange: Exchange) -> Outcome:
    if exchange.client.has_left:
        return "cancelled"
    is_answered = exchange.upstream is not None and exchange.upstream.status < 400
    return "success" if is_answered else "error"
