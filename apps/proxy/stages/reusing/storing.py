"""Keep an answer: under the key of its call, of its words, and where its meaning is found."""

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers.entries import Entry, sealed
from apps.optimization.answers.forms import FORMS, document_of, text_of
from apps.proxy.exchange import Exchange
from apps.proxy.reuse import Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.keep import LARGEST


def entry_of(exchange: Exchange, reuse: Reuse) -> Entry | None:
    """The answer as it is kept; None where it is too large, or could not be given back."""
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
        question=reuse.question.text if reuse.question and reuse.space else None,
    )


async def store(
    exchange: Exchange, runtime: Runtime, reuse: Reuse, entry: Entry, *, same_as: str | None
) -> None:
    """Keep it as long as the policy says. What calls a tool, or is anything but one text, is given
    to the same call only. same_as: the key of an entry whose answer is the same.
    """
    await _put(exchange, runtime, reuse, entry, reuse.key)
    if text_of(FORMS[exchange.endpoint.name], entry.document) is None:
        return
    if reuse.near_key is not None:
        await _put(exchange, runtime, reuse, entry, reuse.near_key)
    await _place(exchange, runtime, reuse, entry, same_as)


async def _place(
    exchange: Exchange, runtime: Runtime, reuse: Reuse, entry: Entry, same_as: str | None
) -> None:
    """Let the answer be found by what its question means."""
    near = runtime.similar.ready() if reuse.space is not None else None
    if near is None or reuse.space is None or entry.question is None:
        return
    vector = near.vector(entry.question) if reuse.vector is None else reuse.vector
    if vector is not None:
        ttl_s = _ttl_s(exchange)
        await near.keep(
            reuse.space, reuse.key, vector, at=entry.asked_at, ttl_s=ttl_s, same_as=same_as
        )


async def _put(exchange: Exchange, runtime: Runtime, reuse: Reuse, entry: Entry, key: str) -> None:
    organization_id = exchange.caller.organization.id
    box = sealed(entry, reuse.data_key, organization_id=organization_id, key=key)
    await runtime.answers.put(key, box, ttl_s=_ttl_s(exchange))


def _ttl_s(exchange: Exchange) -> int:
    return exchange.levers.policy.cache_ttl_s if exchange.levers else 0


def _document(exchange: Exchange, buckets: TokenBuckets) -> bytes | None:
    if exchange.answer is not None:
        return exchange.answer if len(exchange.answer) <= LARGEST else None
    if exchange.kept is None or len(exchange.kept) > LARGEST:
        return None
    return document_of(FORMS[exchange.endpoint.name], bytes(exchange.kept), buckets)
