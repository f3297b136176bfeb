"""Langfuse: observations of the UI, the API and the blob storage export, in either case of names.

Source: langfuse.com/docs/api-and-data-platform (export, blob-storage-export-fields, observations).
"""

import re
from decimal import Decimal

from apps.kernel.tokens import TokenBuckets
from apps.usage.imports.formats.providers import plain_model, provider_of
from apps.usage.imports.formats.records import Format, Record, outcome_of
from apps.usage.imports.formats.tagging import tags_of
from apps.usage.imports.formats.values import (
    Broken,
    Json,
    count,
    first,
    instant,
    milliseconds,
    parsed,
    table,
    text,
    usd,
)

# Kinds of observation that ask a model for something.
_CALLS = {"GENERATION", "EMBEDDING"}
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def _snake(raw: Json) -> dict[str, object]:
    return {_CAPITAL.sub("_", name).lower(): value for name, value in raw.items()}


def _recognises(raw: Json) -> bool:
    named = _snake(raw).keys()
    return {"type", "start_time"} <= named and bool(
        {"trace_id", "usage_details", "provided_model_name", "cost_details"} & named
    )


def _read(raw: Json) -> Record | None:
    given = _snake(raw)
    if str(given.get("type")).upper() not in _CALLS:
        return None
    stated = text(first(given, "provided_model_name", "model", "internal_model"))
    if not stated:
        raise Broken("there is no model")
    provider = provider_of(None, stated)
    parameters = table(given.get("model_parameters"))
    return Record(
        identity=text(given.get("id")) or "",
        started_at=instant(given.get("start_time")),
        provider=provider,
        model=plain_model(provider, stated),
        buckets=_buckets(given),
        endpoint="embeddings" if given["type"] == "EMBEDDING" else "chat.completions",
        end_user=text(given.get("user_id")),
        tags=tags_of(first(given, "tags", "trace_tags")),
        conversation_id=text(given.get("session_id")),
        is_stream=True if given.get("completion_start_time") else None,
        outcome=outcome_of(None, given.get("level") == "ERROR"),
        total_ms=_latency_ms(given),
        reported_usd=_reported(given),
        request=_request(given, stated, parameters),
    )


def _buckets(given: Json) -> TokenBuckets:
    """Langfuse's details are disjoint: "input" is without what the others count."""
    details = table(given.get("usage_details")) or table(given.get("usage"))
    written = count(
        first(details, "cache_creation_input_tokens", "input_cache_creation", "input_cache_write")
    )
    read = count(
        first(details, "cache_read_input_tokens", "input_cached_tokens", "input_cache_read")
    )
    return TokenBuckets(
        input_uncached=count(first(details, "input", "prompt_tokens", "input_tokens")),
        cache_read=read,
        cache_write_5m=written,
        input_audio=count(details.get("input_audio_tokens")),
        output=count(first(details, "output", "completion_tokens", "output_tokens")),
        reasoning=count(first(details, "output_reasoning_tokens", "output_reasoning")),
        output_audio=count(details.get("output_audio_tokens")),
    )


def _reported(given: Json) -> Decimal | None:
    costs = table(given.get("cost_details"))
    return usd(first(costs, "total") or first(given, "total_cost", "calculated_total_cost"))


def _latency_ms(given: Json) -> float | None:
    """`latency` is in seconds."""
    seconds = milliseconds(given.get("latency"))
    return None if seconds is None else seconds * 1000


def _request(given: Json, model: str, parameters: Json) -> Json:
    sent = given.get("input")
    if isinstance(sent, str):
        sent = parsed(sent) or sent
    return {"model": model, **parameters, "messages": sent} if sent else {}


LANGFUSE = Format("langfuse", "Langfuse observations", _recognises, _read)
