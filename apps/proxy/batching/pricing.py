"""The one record of a call that was put off, from what the gateway knew and what was answered."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.kernel.events import Attempt, Charge, Event, decode
from apps.kernel.tokens import TokenBuckets
from apps.optimization.accounting import decomposed
from apps.optimization.deadlines.selectors import DeferredCall
from apps.pricing.rates import PriceBook
from apps.proxy.pricing import LISTED, cost_of, tier_named
from apps.proxy.providers.facts import Endpoint, Reading, RequestFacts
from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.registry import dialect_of

BATCH, LEVER = "batch", "tier"
_JSON = [(b"content-type", b"application/json")]
_NOTHING = TokenBuckets()
_FREE = Decimal(0)


def gateway_path(row: DeferredCall) -> str:
    """Where our gateway takes the call."""
    return row.path if row.path.startswith("/v1/") else f"/v1{row.path}"


def answered_event(
    row: DeferredCall, *, status: int, body: bytes, by_batch: bool, book: PriceBook, at: datetime
) -> Event:
    """status, body: what the provider said. book: of the organization."""
    known, reading = decode(row.event.encode()), _read(row, status, body)
    tier = BATCH if by_batch else tier_named(reading.service_tier)
    buckets, units = reading.usage or _NOTHING, reading.units
    models = (reading.served_model, row.model, known.requested_model)
    paid = _priced(book, known, row.provider, models, tier, buckets, units)
    ordinary = _priced(book, known, row.provider, models, tier_named(None), buckets, units)
    is_saving = by_batch and paid[1] is not None and ordinary[1] is not None
    counterfactual = ordinary[1] if is_saving else paid[1]
    event = _ended(known, row, status=status, body=body, reading=reading, at=at)
    return replace(
        event,
        tier=tier,
        region=LISTED,
        buckets=buckets,
        units=units,
        price_version=book.version,
        is_priced=paid[1] is not None,
        actual_usd=paid[1],
        counterfactual_usd=counterfactual,
        decomposition=_parts(counterfactual, paid[1]) if is_saving else {},
        untouched=_untouched(known, row, ordinary[0], buckets, units) if is_saving else (),
        attempts=(replace(event.attempts[0], buckets=buckets, cost_usd=paid[1]),),
    )


def unanswered_event(row: DeferredCall, *, code: str, at: datetime) -> Event:
    """Of a call that nobody answered before its deadline."""
    known = decode(row.event.encode())
    return replace(
        known,
        outcome="error",
        status=504,
        error_code=code,
        is_priced=True,
        actual_usd=_FREE,
        counterfactual_usd=_FREE,
        total_ms=_elapsed_ms(known, at),
    )


def late_event(event: Event) -> Event:
    """What a batch charged for a call that the ordinary tier had to answer meanwhile: money spent
    for nothing, in a record of its own that is the same whenever it is made.
    """
    cost = event.actual_usd
    nothing = tuple(replace(each, buckets=_NOTHING, units={}) for each in event.untouched)
    return replace(
        event,
        event_id=UUID(int=event.event_id.int ^ 1),
        outcome="cancelled",
        error_code="answered_late",
        counterfactual_usd=None if cost is None else _FREE,
        decomposition={} if cost is None else {LEVER: -cost},
        untouched=nothing,
    )


def _read(row: DeferredCall, status: int, body: bytes) -> Reading:
    endpoint: Endpoint = endpoint_of("POST", gateway_path(row))
    facts = RequestFacts(model=row.model)
    return dialect_of(endpoint).read_body(endpoint, facts, status, _JSON, body)


def _priced(
    book: PriceBook,
    known: Event,
    provider: str,
    models: tuple[str | None, ...],
    tier: str,
    buckets: TokenBuckets,
    units: dict[str, int],
) -> tuple[str, Decimal | None]:
    """The name that the price was found by, and the price."""
    if not buckets.total and not units:
        return "", _FREE
    for model in models:
        if model and (rate := book.rate(provider, model, tier, LISTED, known.started_at)):
            return model, cost_of(buckets, units, rate)
    return "", None


def _parts(counterfactual: Decimal | None, paid: Decimal | None) -> dict[str, Decimal]:
    if counterfactual is None or paid is None:
        return {}
    return decomposed(counterfactual, [(LEVER, paid)])


def _untouched(
    known: Event, row: DeferredCall, model: str, buckets: TokenBuckets, units: dict[str, int]
) -> tuple[Charge, ...]:
    if known.period_id is None:
        return ()
    return (Charge(row.provider, model, tier_named(None), LISTED, buckets, units),)


def _ended(
    known: Event, row: DeferredCall, *, status: int, body: bytes, reading: Reading, at: datetime
) -> Event:
    is_error = status >= 400 or reading.is_error
    elapsed_ms = _elapsed_ms(known, at)
    attempt = Attempt(
        provider=row.provider,
        credential_id=row.credential_id,
        model=row.model,
        status=status,
        outcome="error" if is_error else "success",
        latency_ms=elapsed_ms,
        error_code=reading.error_code,
    )
    return replace(
        known,
        outcome=attempt.outcome,
        status=status,
        error_code=reading.error_code,
        served_model=reading.served_model,
        provider_request_id=reading.provider_request_id,
        attempts=(attempt,),
        total_ms=elapsed_ms,
        response_bytes=len(body),
    )


def _elapsed_ms(known: Event, at: datetime) -> float:
    return (at - known.started_at).total_seconds() * 1000
