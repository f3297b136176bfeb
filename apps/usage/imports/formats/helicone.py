"""Helicone: its export tool's JSONL, JSON and CSV, and rows of `/v1/request/query-clickhouse`.

Source: Helicone/helicone, examples/export/typescript and the API reference (HeliconeRequest).
"""

from apps.kernel.tokens import TokenBuckets
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

_PATHS = {"/embeddings": "embeddings", "/responses": "responses", "/messages": "messages"}


def _recognises(raw: Json) -> bool:
    return "request_created_at" in raw and ("response_id" in raw or "request_id" in raw)


def _read(raw: Json) -> Record | None:
    if str(raw.get("cache_reference_id") or "").strip("0-") and raw.get("cache_enabled"):
        return None  # answered by their cache: no provider was asked
    request = table(raw.get("request_body"))
    asked = text(first(raw, "request_model", "model") or request.get("model"))
    served = text(raw.get("response_model"))
    if not (asked or served):
        raise Broken("there is no model")
    provider = provider_of(text(raw.get("provider")), asked or served)
    status = count(raw.get("response_status")) or None
    return Record(
        identity=text(first(raw, "request_id", "response_id")) or "",
        started_at=instant(raw.get("request_created_at")),
        provider=provider,
        model=plain_model(provider, asked or served),
        served_model=served,
        buckets=_buckets(raw),
        endpoint=_endpoint(str(raw.get("request_path") or "")),
        end_user=text(raw.get("request_user_id")),
        tags=tags_of(raw.get("request_properties")),
        conversation_id=text(table(raw.get("request_properties")).get("Helicone-Session-Id")),
        is_stream=bool(request.get("stream")) if request else None,
        status=status if status and 100 <= status <= 599 else None,
        outcome=outcome_of(status),
        total_ms=milliseconds(first(raw, "delay_ms", "latency")),
        first_byte_ms=milliseconds(raw.get("time_to_first_token")),
        reported_usd=usd(first(raw, "cost", "costUSD")),
        request=request,
    )


def _buckets(raw: Json) -> TokenBuckets:
    usage = table(table(raw.get("response_body")).get("usage"))
    if usage:
        return buckets_of(usage)
    return summed(
        count(raw.get("prompt_tokens")),
        count(raw.get("completion_tokens")),
        read=count(raw.get("prompt_cache_read_tokens")),
        written=count(raw.get("prompt_cache_write_tokens")),
    )


def _endpoint(path: str) -> str:
    return next((name for end, name in _PATHS.items() if end in path), "chat.completions")


HELICONE = Format("helicone", "Helicone export", _recognises, _read)
