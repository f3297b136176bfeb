"""Portkey: log exports with the fields that one chooses there. Its costs are in US cents.

Source: portkey.ai/docs/product/observability/logs-export.
"""

from decimal import Decimal

from apps.usage.imports.formats.providers import plain_model, provider_of
from apps.usage.imports.formats.records import Format, Record, outcome_of
from apps.usage.imports.formats.tagging import tags_of
from apps.usage.imports.formats.usage import buckets_of, summed
from apps.usage.imports.formats.values import (
    Broken,
    Json,
    count,
    first,
    instant,
    milliseconds,
    table,
    text,
    usd,
)


def _recognises(raw: Json) -> bool:
    return ("ai_org" in raw or "ai_model" in raw) and "created_at" in raw


def _read(raw: Json) -> Record:
    model = text(raw.get("ai_model"))
    if not model:
        raise Broken("there is no model")
    provider = provider_of(text(raw.get("ai_org")), model)
    request, response = _body(raw.get("request")), _body(raw.get("response"))
    usage = table(response.get("usage"))
    status = count(raw.get("response_status_code")) or None
    metadata = table(raw.get("metadata"))
    return Record(
        identity=text(first(raw, "id", "trace_id")) or "",
        started_at=instant(raw.get("created_at")),
        provider=provider,
        model=plain_model(provider, model),
        buckets=buckets_of(usage)
        if usage
        else summed(count(raw.get("req_units")), count(raw.get("res_units"))),
        end_user=text(first(metadata, "_user", "user_id")),
        tags=tags_of({name: value for name, value in metadata.items() if name != "_user"}),
        conversation_id=text(raw.get("trace_id")),
        is_stream=bool(request.get("stream")) if request else None,
        status=status if status and 100 <= status <= 599 else None,
        outcome=outcome_of(status, raw.get("is_success") in (False, 0, "false", "0")),
        total_ms=milliseconds(raw.get("response_time")),
        reported_usd=_dollars(usd(raw.get("cost"))),
        request=request,
    )


def _body(value: object) -> Json:
    whole = table(value)
    return table(whole.get("body")) or whole


def _dollars(cents: Decimal | None) -> Decimal | None:
    return None if cents is None else cents / 100


PORTKEY = Format("portkey", "Portkey log export", _recognises, _read)
