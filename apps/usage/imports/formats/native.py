"""Requests and answers of OpenAI and Anthropic as people log them, one pair in a line.

Known shapes, each with a time of its own or of the answer:
- {"timestamp", "request": {…}, "response": {…}}, also with "body" below either;
- the answer alone, or a stored chat completion, with "created";
- a line of a Batch API output: {"id", "custom_id", "response": {"status_code", "body"}, "error"}.
Source: platform.openai.com/docs/api-reference/{chat,responses,batch}, docs.anthropic.com/en/api.
"""

from apps.usage.imports.formats.providers import provider_of
from apps.usage.imports.formats.records import Format, Record, outcome_of
from apps.usage.imports.formats.tagging import shown_key, tags_of
from apps.usage.imports.formats.usage import buckets_of
from apps.usage.imports.formats.values import (
    Broken,
    Json,
    count,
    first,
    instant,
    milliseconds,
    table,
    text,
)

_TIMES = ("timestamp", "created_at", "started_at", "start_time", "time", "ts")
_TIERS = {"flex": "flex", "priority": "priority", "batch": "batch"}
_OPENAI = ("chat.completion", "response", "text_completion", "list")


def _request(raw: Json) -> Json:
    request = table(first(raw, "request", "input", "kwargs", "request_body"))
    return table(request.get("body")) or request


def _response(raw: Json) -> Json:
    response = table(first(raw, "response", "output", "response_body"))
    return table(response.get("body")) or response or (raw if "usage" in raw else {})


def _is_openai(raw: Json) -> bool:
    answer = _response(raw)
    if _is_batch(raw):
        return answer.get("type") != "message"
    return answer.get("object") in _OPENAI and "usage" in answer or _has_failed(raw, "gpt")


def _is_anthropic(raw: Json) -> bool:
    answer = _response(raw)
    return answer.get("type") == "message" and "usage" in answer or _has_failed(raw, "claude")


def _has_failed(raw: Json, model: str) -> bool:
    """An error has no usage and no object: the model that was asked for says whose it was."""
    is_error = bool(raw.get("error") or _response(raw).get("error"))
    return is_error and str(_request(raw).get("model", "")).startswith(model)


def _is_batch(raw: Json) -> bool:
    return "custom_id" in raw and "status_code" in table(raw.get("response"))


def _read(raw: Json, provider: str) -> Record:
    request, answer = _request(raw), _response(raw)
    status = count(first(table(raw.get("response")), "status_code", "status")) or None
    status = status or count(raw.get("status_code")) or None
    error = raw.get("error") or answer.get("error")
    asked, served = text(request.get("model")), text(answer.get("model"))
    if not (asked or served):
        raise Broken("there is no model")
    return Record(
        identity=text(first(answer, "id")) or text(first(raw, "request_id", "id")) or "",
        started_at=instant(first(raw, *_TIMES) or first(answer, "created", "created_at")),
        provider=_provider(raw, provider),
        model=asked or served,
        served_model=served,
        buckets=buckets_of(answer.get("usage") or ({"input_tokens": 0} if error else None)),
        endpoint=_endpoint(answer, provider),
        tier="batch" if _is_batch(raw) else _tier(answer),
        key=shown_key(first(raw, "api_key", "api_key_id", "api_key_name")),
        end_user=text(request.get("user") or table(request.get("metadata")).get("user_id")),
        tags=tags_of(first(raw, "tags", "metadata") or answer.get("metadata")),
        conversation_id=text(first(raw, "conversation_id", "session_id")),
        is_stream=bool(request.get("stream")) if request else None,
        status=status,
        outcome=outcome_of(status, error),
        total_ms=milliseconds(first(raw, "latency_ms", "duration_ms")),
        request=request,
    )


def _provider(raw: Json, default: str) -> str:
    stated = text(raw.get("provider"))
    return provider_of(stated, None) if stated else default


def _tier(answer: Json) -> str:
    stated = answer.get("service_tier") or table(answer.get("usage")).get("service_tier")
    return _TIERS.get(str(stated), "standard")


def _endpoint(answer: Json, provider: str) -> str:
    if provider == "anthropic":
        return "messages"
    kinds = {"response": "responses", "text_completion": "completions", "list": "embeddings"}
    return kinds.get(str(answer.get("object")), "chat.completions")


def _openai(raw: Json) -> Record:
    return _read(raw, "openai")


def _anthropic(raw: Json) -> Record:
    return _read(raw, "anthropic")


OPENAI = Format("openai", "OpenAI request log", _is_openai, _openai)
ANTHROPIC = Format("anthropic", "Anthropic request log", _is_anthropic, _anthropic)
