"""Write down what happened: price it, settle its hold, and end its record."""

from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from apps.kernel.events import Alert, Attempt, Event, Kind
from apps.kernel.tokens import TokenBuckets
from apps.proxy import figures
from apps.proxy.exchange import NOTHING, Caller, Exchange, Timing
from apps.proxy.pricing import LISTED, cost_of, rate_of, tier_named
from apps.proxy.providers.estimate import estimate
from apps.proxy.providers.facts import Reading, RequestFacts
from apps.proxy.runtime import Runtime
from apps.proxy.stages.accounting import accounts

_LONGEST_CODE = 64
# What never reached a provider, or was refused by it, costs nothing; what brings deferred calls to
# their provider is charged for in their own records.
_FREE = Decimal(0)
# Nor does looking something up, or having tokens counted.
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


def price(exchange: Exchange) -> None:
    """Fill in `buckets` and `cost_usd` of an answer that was read; once for each call."""
    if exchange.is_priced:
        return
    exchange.is_priced = True
    reading, candidate = exchange.reading, exchange.candidate
    if candidate is None or exchange.is_deferred or exchange.is_carried or _is_looked_up(exchange):
        exchange.cost_usd = _FREE
        return
    served = reading.served_model if reading else None
    tier = reading.service_tier if reading else None
    provider = candidate.credential.provider
    rate = rate_of(exchange, provider, served, candidate.model, exchange.model, tier=tier)
    exchange.buckets, exchange.is_estimated = _buckets(exchange)
    units = reading.units if reading else {}
    if not units and not exchange.buckets.total and exchange.outcome in ("error", "refused"):
        exchange.cost_usd = _FREE
    else:
        exchange.cost_usd = cost_of(exchange.buckets, units, rate)


def _is_looked_up(exchange: Exchange) -> bool:
    """Lists of models, files and answers, and counts: no provider charges for them."""
    kind = exchange.endpoint.kind
    return kind == "count" or (kind == "manage" and exchange.method in _LOOKS)


def _buckets(exchange: Exchange) -> tuple[TokenBuckets, bool]:
    """The tokens of the call, and whether they are an estimate."""
    reading = exchange.reading
    if reading and reading.usage is not None and reading.is_complete:
        return reading.usage, False
    is_cut = exchange.outcome in ("cancelled", "truncated")
    if is_cut or _is_untold(exchange) or _is_broken_off(exchange):
        return estimate(exchange.facts, reading or Reading()), True
    return (reading.usage if reading and reading.usage else NOTHING), False


def _is_untold(exchange: Exchange) -> bool:
    """A whole answer that was made of tokens, of a provider that did not count them."""
    is_counted = exchange.reading is not None and exchange.reading.usage is not None
    is_made = exchange.endpoint.kind in ("generate", "embed")
    return is_made and not is_counted and exchange.outcome == "success"


def _is_broken_off(exchange: Exchange) -> bool:
    """A stream that its provider ended with an error after a part of the answer."""
    reading = exchange.reading
    has_made = reading is not None and reading.is_error and reading.output_bytes > 0
    return exchange.answer is None and has_made


def record(exchange: Exchange, runtime: Runtime) -> None:
    """Settle the hold and append the event; called exactly once for each call that has a caller.

    A call that was put off is in the spool already; whoever answers it appends its event.
    """
    if exchange.hold:
        tokens = exchange.buckets.total
        runtime.limiter.settle(exchange.hold, tokens=tokens, usd=exchange.cost_usd)
    if not exchange.is_deferred:
        runtime.spool.end(event_of(exchange, _alerts(exchange, runtime)))
    figures.count(exchange, exchange.timing.overhead_ms())


def _alerts(exchange: Exchange, runtime: Runtime) -> tuple[Alert, ...]:
    """What came with the hold, and what came since: a refused call carries news as well."""
    came = exchange.hold.alerts if exchange.hold else ()
    return (*came, *runtime.limiter.take_alerts(exchange.caller.organization.id))


def event_of(exchange: Exchange, alerts: tuple[Alert, ...] = ()) -> Event:
    """The record of the call as it stands."""
    caller, reading, candidate = exchange.caller, exchange.reading, exchange.candidate
    facts = exchange.facts if exchange.has_facts else RequestFacts()
    return Event(
        event_id=exchange.event_id,
        started_at=exchange.started_at,
        **_asker(caller),
        endpoint=exchange.endpoint.name,
        dialect=exchange.endpoint.dialect,
        provider=_provider(exchange),
        credential_id=candidate.credential_id if candidate else None,
        outcome=exchange.outcome,
        end_user=caller.end_user or facts.end_user,
        tags=caller.tags,
        requested_model=exchange.model,
        served_model=reading.served_model if reading else None,
        is_stream=facts.is_stream,
        status=exchange.status,
        error_code=_error_code(exchange),
        is_estimated=exchange.is_estimated,
        is_priced=exchange.cost_usd is not None,
        attempts=_attempts(exchange),
        buckets=exchange.buckets,
        units=reading.units if reading else {},
        price_version=exchange.snapshot.prices.version,
        snapshot_version=exchange.snapshot.version,
        **_latencies(exchange.timing),
        request_bytes=exchange.request_bytes,
        response_bytes=exchange.client.sent_bytes or len(exchange.answer or b""),
        conversation_id=caller.conversation_id,
        provider_request_id=exchange.provider_request_id,
        client_retry_count=_retry_count(exchange),
        actual_usd=exchange.cost_usd,
        content_ref=exchange.content_ref,
        alerts=alerts,
        tier=tier_named(reading.service_tier if reading else None) if candidate else None,
        region=LISTED if candidate else None,
        **accounts(exchange),
    )


class _Asker(TypedDict):
    organization_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    kind: Kind


def _asker(caller: Caller) -> _Asker:
    return {
        "organization_id": caller.organization.id,
        "project_id": caller.project.id,
        "api_key_id": caller.api_key_id,
        "kind": caller.kind,
    }


def _provider(exchange: Exchange) -> str | None:
    """Who answered, also when it was for another call."""
    if exchange.candidate:
        return exchange.candidate.credential.provider
    entry = exchange.levers.entry if exchange.levers else None
    return entry.provider if entry else None


class _Latencies(TypedDict):
    admission_ms: float | None
    first_byte_ms: float | None
    upstream_ms: float
    overhead_ms: float
    total_ms: float


def _latencies(timing: Timing) -> _Latencies:
    total_ms, waited_ms = timing.elapsed_ms(), timing.waited * 1000
    return {
        "admission_ms": timing.admission_ms(),
        "first_byte_ms": timing.first_byte_ms(),
        "upstream_ms": waited_ms,
        "overhead_ms": total_ms - waited_ms,
        "total_ms": total_ms,
    }


def _error_code(exchange: Exchange) -> str | None:
    if exchange.failure:
        return exchange.failure.code
    reading = exchange.reading
    return reading.error_code[:_LONGEST_CODE] if reading and reading.error_code else None


def _attempts(exchange: Exchange) -> tuple[Attempt, ...]:
    """The last attempt is the one whose answer was read: it has the tokens and the money."""
    if not exchange.attempts:
        return ()
    last = exchange.attempts[-1]
    last.buckets, last.cost_usd, last.outcome = (
        exchange.buckets,
        exchange.cost_usd,
        exchange.outcome,
    )
    return tuple(exchange.attempts)


def _retry_count(exchange: Exchange) -> int:
    """How often the caller's client says that it tried before (openai-python, anthropic)."""
    text = exchange.header(b"x-stainless-retry-count") or "0"
    return int(text) if text.isdecimal() and len(text) < 4 else 0
