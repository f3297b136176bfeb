"""LiteLLM: rows of LiteLLM_SpendLogs, from `/spend/logs` or the table.

Source: BerriAI/litellm, schema.prisma (LiteLLM_SpendLogs) and metadata.usage_object.
"""

from apps.usage.imports.formats.providers import plain_model, provider_of
from apps.usage.imports.formats.records import Format, Record, outcome_of
from apps.usage.imports.formats.tagging import shown_key, tags_of
from apps.usage.imports.formats.usage import summed
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

_ENDPOINTS = {"embedding": "embeddings", "text_completion": "completions", "responses": "responses"}


def _recognises(raw: Json) -> bool:
    return "startTime" in raw and "call_type" in raw and ("spend" in raw or "api_base" in raw)


def _read(raw: Json) -> Record | None:
    if str(raw.get("cache_hit")).lower() == "true":
        return None  # answered by their cache: no provider was asked
    metadata = table(raw.get("metadata"))
    usage = table(metadata.get("usage_object")) or table(metadata.get("additional_usage_values"))
    model = text(raw.get("model"))
    provider = provider_of(text(raw.get("custom_llm_provider")), model)
    if not model:
        raise Broken("there is no model")
    details = table(usage.get("prompt_tokens_details"))
    return Record(
        identity=text(raw.get("request_id")) or "",
        started_at=instant(raw.get("startTime")),
        provider=provider,
        model=plain_model(provider, model),
        buckets=summed(
            count(raw.get("prompt_tokens")),
            count(raw.get("completion_tokens")),
            read=count(first(usage, "cache_read_input_tokens") or details.get("cached_tokens")),
            written=count(usage.get("cache_creation_input_tokens")),
        ),
        endpoint=_ENDPOINTS.get(str(raw.get("call_type")).removeprefix("a"), "chat.completions"),
        key=shown_key(metadata.get("user_api_key_alias") or raw.get("api_key")),
        end_user=text(first(raw, "end_user", "user")),
        tags=tags_of(raw.get("request_tags")),
        conversation_id=text(raw.get("session_id")),
        outcome=outcome_of(None, raw.get("status") == "failure"),
        total_ms=milliseconds(raw.get("request_duration_ms")),
        reported_usd=usd(raw.get("spend")),
        request=_request(raw, model),
    )


def _request(raw: Json, model: str) -> Json:
    """Prompts are only there where the proxy was told to store them."""
    whole = table(raw.get("proxy_server_request"))
    if whole.get("messages"):
        return {"model": model, **whole}
    return {"model": model, "messages": raw["messages"]} if raw.get("messages") else {}


LITELLM = Format("litellm", "LiteLLM spend logs", _recognises, _read)
