"""Usage exports of providers: each row is the sum of many calls in a stretch of time.

Source: platform.openai.com usage and cost exports (fields of organization/usage/completions and
organization/costs); console.anthropic.com usage export.
"""

from apps.kernel.tokens import TokenBuckets
from apps.usage.imports.formats.records import Format, Record
from apps.usage.imports.formats.tagging import shown_key
from apps.usage.imports.formats.usage import within
from apps.usage.imports.formats.values import Broken, Json, count, first, instant, text, usd

_BATCH = {"true", "1", "batch"}


def _is_openai(raw: Json) -> bool:
    return "start_time" in raw and bool(
        {"num_model_requests", "amount_value", "start_time_iso"} & raw.keys()
    )


def _read_openai(raw: Json) -> Record | None:
    requests, amount = count(raw.get("num_model_requests")), usd(raw.get("amount_value"))
    if not requests and amount is None:
        return None  # a stretch of time in which nothing happened
    read, heard = count(raw.get("input_cached_tokens")), count(raw.get("input_audio_tokens"))
    spoken = count(raw.get("output_audio_tokens"))
    model = text(first(raw, "model", "line_item"))
    if not model:
        raise Broken("there is no model; group the export by model")
    return Record(
        identity=_identity(raw, _OPENAI_KEYS),
        started_at=instant(first(raw, "start_time", "start_time_iso")),
        provider="openai",
        model=model,
        buckets=TokenBuckets(
            input_uncached=within(count(raw.get("input_tokens")), read, heard),
            cache_read=read,
            input_audio=heard,
            output=within(count(raw.get("output_tokens")), spoken),
            output_audio=spoken,
        ),
        endpoint="usage",
        tier=_tier(raw.get("service_tier"), raw.get("batch")),
        calls=requests,
        is_total=True,
        key=shown_key(first(raw, "api_key_id", "api_key_name")),
        end_user=text(raw.get("user_id")),
        tags=_named(raw, "project_id", "project_name"),
        reported_usd=amount,
    )


def _is_anthropic(raw: Json) -> bool:
    return "usage_date_utc" in raw and "model_version" in raw


def _read_anthropic(raw: Json) -> Record:
    model = text(raw.get("model_version"))
    if not model:
        raise Broken("there is no model")
    searches = count(raw.get("web_search_count"))
    return Record(
        identity=_identity(raw, _ANTHROPIC_KEYS),
        started_at=instant(raw.get("usage_date_utc")),
        provider="anthropic",
        model=model,
        buckets=TokenBuckets(
            input_uncached=count(raw.get("usage_input_tokens_no_cache")),
            cache_read=count(raw.get("usage_input_tokens_cache_read")),
            cache_write_5m=count(raw.get("usage_input_tokens_cache_write_5m")),
            cache_write_1h=count(raw.get("usage_input_tokens_cache_write_1h")),
            output=count(raw.get("usage_output_tokens")),
        ),
        endpoint="usage",
        tier=_tier(raw.get("usage_type"), None),
        calls=0,
        is_total=True,
        key=shown_key(raw.get("api_key")),
        tags=_named(raw, "workspace"),
        units={"web_search": searches} if searches else {},
    )


_OPENAI_KEYS = (
    "start_time", "end_time", "project_id", "user_id", "api_key_id", "model", "batch",
    "service_tier", "line_item",
)  # fmt: skip
_ANTHROPIC_KEYS = (
    "usage_date_utc", "model_version", "api_key", "workspace", "usage_type", "context_window",
    "inference_geo", "speed",
)  # fmt: skip


def _identity(raw: Json, keys: tuple[str, ...]) -> str:
    """A row has no id; what it is grouped by names it."""
    return "|".join(str(raw.get(name) or "") for name in keys)


def _tier(stated: object, batch: object) -> str:
    if str(stated).lower() in _BATCH or str(batch).lower() in _BATCH:
        return "batch"
    return str(stated).lower() if str(stated).lower() in ("flex", "priority") else "standard"


def _named(raw: Json, *names: str) -> dict[str, str]:
    return {name: value for name in names if (value := text(raw.get(name)))}


OPENAI_USAGE = Format("openai_usage", "OpenAI usage or cost export", _is_openai, _read_openai)
ANTHROPIC_USAGE = Format(
    "anthropic_usage", "Anthropic usage export", _is_anthropic, _read_anthropic
)
