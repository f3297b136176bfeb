"""Give a call an answer that was kept, in the form that it asks for."""

from time import perf_counter

from apps.optimization.answers.entries import Entry
from apps.optimization.answers.forms import FORMS, stream_of
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.providers.facts import Reading
from apps.proxy.replaying import Kept
from apps.proxy.stages.answering import answer_headers


def is_void(exchange: Exchange, entry: Entry) -> bool:
    """Whether it was flushed since it was asked for."""
    caller = exchange.caller
    policies = exchange.snapshot.shards[caller.organization.id].policies
    return entry.asked_at <= policies.flushed_at(project_id=caller.project.id, tags=entry.tags)


def body_of(exchange: Exchange, entry: Entry | None) -> bytes | None:
    """The answer as the caller asks for it, whole or streamed; None where it cannot be given."""
    if entry is None or is_void(exchange, entry):
        return None
    document, facts = entry.document.encode(), exchange.facts
    if not facts.is_stream:
        return document
    form = FORMS[exchange.endpoint.name]
    return stream_of(form, document, has_usage=facts.wants_usage_chunk)


async def give(exchange: Exchange, levers: Levers, body: bytes) -> None:
    """Send a stream; leave a whole answer in the exchange, to be sent once it is recorded."""
    is_stream, entry = exchange.facts.is_stream, levers.entry
    exchange.upstream = Kept(is_stream=is_stream)
    exchange.status, exchange.answer_type = 200, exchange.upstream.content_type
    exchange.reading = Reading(served_model=entry.served_model if entry else None, is_complete=True)
    exchange.timing.first_byte = perf_counter()
    if not is_stream:
        exchange.answer = body
        return
    await exchange.client.start(200, answer_headers(exchange))
    await exchange.client.write(body)
    if exchange.kept is not None:
        exchange.kept += body
