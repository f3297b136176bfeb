"""OpenTelemetry: GenAI spans, as OTLP JSON (one export in a line, or a document) or one by one.

Source: OpenTelemetry semantic conventions for generative AI, spans (gen_ai.*), with the names of
v1.36 and before; OTLP 1.x JSON encoding.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.usage.imports.formats.providers import plain_model, provider_of
from apps.usage.imports.formats.records import Format, Record, outcome_of
from apps.usage.imports.formats.usage import summed, within
from apps.usage.imports.formats.values import (
    Broken,
    Json,
    count,
    first,
    instant,
    parsed,
    rows,
    table,
    text,
)

_OPERATIONS = {"embeddings": "embeddings", "text_completion": "completions"}
_NO_CALLS = {"execute_tool", "invoke_agent", "create_agent", "invoke_workflow"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _recognises(raw: Json) -> bool:
    if "resourceSpans" in raw or "resource_spans" in raw:
        return True
    return any(name.startswith("gen_ai.") for name in _attributes(raw))


def _split(raw: Json) -> Iterator[Json]:
    """Spans, those of OTLP with the attributes of their resource."""
    exports = rows(first(raw, "resourceSpans", "resource_spans"))
    if not exports:
        yield raw
    for export in exports:
        of_resource = _attributes(table(table(export).get("resource")))
        for scope in rows(first(table(export), "scopeSpans", "scope_spans")):
            for span in rows(table(scope).get("spans")):
                yield {**table(span), "resource_attributes": of_resource}


def _read(raw: Json) -> Record | None:
    given = _attributes(raw)
    operation = str(given.get("gen_ai.operation.name") or "")
    asked = text(given.get("gen_ai.request.model"))
    served = text(given.get("gen_ai.response.model"))
    if operation in _NO_CALLS or not any(name.startswith("gen_ai.") for name in given):
        return None
    if not (asked or served):
        raise Broken("the span names no gen_ai.request.model")
    stated = text(first(given, "gen_ai.provider.name", "gen_ai.system"))
    provider = provider_of(stated, asked or served)
    started_at = _time(first(raw, "startTimeUnixNano", "start_time_unix_nano", "start_time"))
    return Record(
        identity=_identity(raw, given),
        started_at=started_at,
        provider=provider,
        model=plain_model(provider, asked or served),
        served_model=served,
        buckets=_buckets(given),
        endpoint=_OPERATIONS.get(operation, "chat.completions"),
        end_user=text(first(given, "user.id", "enduser.id")),
        tags=_tags(raw, given),
        conversation_id=text(given.get("gen_ai.conversation.id")),
        outcome=outcome_of(None, given.get("error.type") or _has_failed(raw)),
        total_ms=_total_ms(raw, started_at),
        request=_request(given, asked or served),
    )


def _attributes(raw: Json) -> dict[str, Any]:
    """Attributes of OTLP ([{"key", "value": {"stringValue"}}]), or a plain object of them."""
    given = raw.get("attributes")
    if isinstance(given, dict):
        return given
    return {
        str(item["key"]): _value(table(item.get("value")))
        for item in rows(given)
        if isinstance(item, dict) and "key" in item
    }


def _value(value: Json) -> Any:
    if "arrayValue" in value:
        return [_value(table(item)) for item in rows(table(value["arrayValue"]).get("values"))]
    return next(iter(value.values()), None)


def _time(value: Any) -> datetime:
    """Exact to the microsecond, which a float of nanoseconds is not."""
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, int) and value >= 10**17:
        return _EPOCH + timedelta(microseconds=value // 1000)
    return instant(value)


def _total_ms(raw: Json, started_at: datetime) -> float | None:
    ended = first(raw, "endTimeUnixNano", "end_time_unix_nano", "end_time")
    if ended is None:
        return None
    return max((_time(ended) - started_at).total_seconds() * 1000, 0.0)


def _buckets(given: Json) -> TokenBuckets:
    """Input includes what was cached, and output what was reasoned, as the conventions say."""
    made = count(first(given, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"))
    reasoned = count(given.get("gen_ai.usage.reasoning.output_tokens"))
    buckets = summed(
        count(first(given, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")),
        within(made, reasoned),
        read=count(given.get("gen_ai.usage.cache_read.input_tokens")),
        written=count(given.get("gen_ai.usage.cache_creation.input_tokens")),
    )
    return buckets + TokenBuckets(reasoning=reasoned)


def _identity(raw: Json, given: Json) -> str:
    answer = text(given.get("gen_ai.response.id"))
    trace, span = (text(first(raw, *names)) for names in _IDS)
    return answer or (f"{trace}:{span}" if span else "")


_IDS = (("traceId", "trace_id"), ("spanId", "span_id"))


def _tags(raw: Json, given: Json) -> dict[str, str]:
    stated = table(raw.get("resource_attributes")).get("service.name")
    named = {"service.name": text(stated), "agent": text(given.get("gen_ai.agent.name"))}
    return {name: value for name, value in named.items() if value}


def _has_failed(raw: Json) -> bool:
    return table(raw.get("status")).get("code") in (2, "STATUS_CODE_ERROR", "ERROR")


def _request(given: Json, model: str | None) -> Json:
    """Content is only there where the instrumentation was told to record it."""
    sent = first(given, "gen_ai.input.messages", "gen_ai.prompt")
    if isinstance(sent, str):
        sent = parsed(sent) or sent
    if not sent:
        return {}
    return {
        "model": model,
        "messages": sent,
        "system": given.get("gen_ai.system_instructions"),
        "temperature": given.get("gen_ai.request.temperature"),
        "max_tokens": given.get("gen_ai.request.max_tokens"),
        "tools": given.get("gen_ai.tool.definitions"),
    }


OTEL = Format("otel", "OpenTelemetry GenAI spans", _recognises, _read, _split)
