"""Decide where the call may go and whether its limits let it; hold its worst case."""

from decimal import Decimal

from apps.kernel.events import Begin
from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import Unpriced, worst_case_usd
from apps.proxy.exchange import Exchange
from apps.proxy.pricing import rate_of
from apps.proxy.routing import candidates
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate
from apps.proxy.stages.keep import keeps
from apps.proxy.transport import Timeouts
from apps.tenants.access import Route

# What a model may write when neither the caller nor the catalogue bounds it.
_UNBOUNDED_OUTPUT = 16_384
# Text is held back at three bytes a token, more tokens than providers count for nearly all of it.
_BYTES_PER_TOKEN = 3
_TOKENS_PER_IMAGE = 1_600
_TEXT = ("input_uncached", "cache_write_5m", "output", "reasoning")
_ANTHROPIC_TEXT = (*_TEXT, "cache_write_1h")
_GENERATES = frozenset({"generate", "realtime"})


async def admit(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `tiers`, `timeouts` and `hold`, and begin the record.

    Raises NoProvider when nothing can carry the call, LimitReached when it must wait.
    """
    exchange.timeouts = runtime.settings.timeouts
    exchange.tiers = candidates(exchange)
    if keeps(exchange.caller):
        exchange.kept = bytearray()
    if exchange.route:
        exchange.timeouts = _timeouts(exchange.route)
    expected = _worst_case(exchange, exchange.tiers[0][0])
    usd = await _hold(exchange, runtime, expected)
    runtime.spool.begin(_begin(exchange, expected, usd))


async def _hold(exchange: Exchange, runtime: Runtime, expected: TokenBuckets) -> Decimal | None:
    caller = exchange.caller
    limits = caller.organization.limits_of(project_id=caller.project.id, key_id=caller.key.id)
    if not limits:
        return None
    usd = _worst_usd(exchange, expected)
    exchange.hold = await runtime.limiter.reserve(
        limits,
        organization_id=caller.organization.id,
        tokens=expected.total,
        usd=usd,
        at=exchange.started_at,
        known_at=caller.organization.read_at,
    )
    return usd


def _worst_case(exchange: Exchange, candidate: Candidate) -> TokenBuckets:
    """The tokens that the call can use at most, as far as can be told beforehand."""
    facts = exchange.facts
    text = -(-facts.prompt_text_bytes // _BYTES_PER_TOKEN)
    prompt = text + facts.image_count * _TOKENS_PER_IMAGE
    if exchange.endpoint.kind not in _GENERATES:
        return TokenBuckets(input_uncached=prompt)
    answer = facts.max_output_tokens or _longest_answer(exchange, candidate)
    return TokenBuckets(input_uncached=prompt, output=answer * facts.choice_count)


def _longest_answer(exchange: Exchange, candidate: Candidate) -> int:
    name = candidate.model or exchange.model
    provider = candidate.credential.provider
    model = exchange.snapshot.prices.model(provider, name) if name else None
    return (model.max_output_tokens if model else None) or _UNBOUNDED_OUTPUT


def _worst_usd(exchange: Exchange, expected: TokenBuckets) -> Decimal | None:
    """The dearest of all candidates, since any of them may serve; None when none is priced."""
    dearest: Decimal | None = None
    for tier in exchange.tiers:
        for candidate in tier:
            bound = _bound(exchange, candidate, expected)
            if bound is not None and (dearest is None or bound > dearest):
                dearest = bound
    return dearest


def _bound(exchange: Exchange, candidate: Candidate, expected: TokenBuckets) -> Decimal | None:
    provider, tier = candidate.credential.provider, exchange.facts.service_tier
    rate = rate_of(exchange, provider, candidate.model, exchange.model, tier=tier)
    if rate is None:
        return None
    try:
        return worst_case_usd(
            rate, expected.input_total, expected.output_total, buckets=_buckets(exchange)
        )
    except Unpriced:
        return None


def _buckets(exchange: Exchange) -> tuple[str, ...]:
    """Where the tokens of a call may fall."""
    return _ANTHROPIC_TEXT if exchange.endpoint.dialect == "anthropic" else _TEXT


def _timeouts(route: Route) -> Timeouts:
    return Timeouts(
        connect=route.connect_ms / 1000,
        first_byte=route.first_byte_ms / 1000,
        idle=route.idle_ms / 1000,
        total=route.total_ms / 1000,
    )


def _begin(exchange: Exchange, expected: TokenBuckets, usd: Decimal | None) -> Begin:
    caller, facts = exchange.caller, exchange.facts
    return Begin(
        event_id=exchange.event_id,
        started_at=exchange.started_at,
        organization_id=caller.organization.id,
        project_id=caller.project.id,
        api_key_id=caller.api_key_id,
        end_user=caller.end_user or facts.end_user,
        tags=caller.tags,
        endpoint=exchange.endpoint.name,
        dialect=exchange.endpoint.dialect,
        kind=caller.kind,
        provider=exchange.tiers[0][0].credential.provider,
        requested_model=exchange.model,
        is_stream=facts.is_stream,
        request_bytes=exchange.request_bytes,
        buckets=expected,
        hold_usd=usd,
        snapshot_version=exchange.snapshot.version,
        price_version=exchange.snapshot.prices.version,
        conversation_id=caller.conversation_id,
    )
