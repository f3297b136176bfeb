import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.usage.imports.chunks import records_of
from apps.usage.imports.formats import FORMATS, Broken, Record, format_of
from apps.usage.imports.formats.providers import plain_model, provider_of
from apps.usage.imports.formats.values import count, instant
from tests.usage.imports import samples
from tests.usage.imports.samples import AT

BUCKETS = TokenBuckets(input_uncached=800, cache_read=200, output=50)
USAGE_ROW = next(csv.DictReader(io.StringIO(samples.OPENAI_USAGE)))
COST_ROW = next(csv.DictReader(io.StringIO(samples.OPENAI_COSTS)))
ANTHROPIC_ROW = next(csv.DictReader(io.StringIO(samples.ANTHROPIC_USAGE)))
HELICONE_ROW = next(csv.DictReader(io.StringIO(samples.HELICONE_CSV)))


def only(raw: Any, name: str) -> Record:
    assert format_of([raw]) == name
    (found,) = records_of(raw, name)
    assert isinstance(found, Record)
    return found


@pytest.mark.parametrize(
    ("raw", "name", "identity"),
    [
        (samples.openai(), "openai", "chatcmpl-1"),
        (samples.stored_completion(), "openai", "chatcmpl-1"),
        (samples.batch_output(), "openai", "chatcmpl-1"),
        (samples.litellm(), "litellm", "chatcmpl-1"),
        (samples.helicone(), "helicone", "8f4b3c0e-0000-4000-8000-000000000001"),
        (samples.langfuse(), "langfuse", "observation-1"),
        (samples.langfuse_blob(), "langfuse", "observation-1"),
        (samples.portkey(), "portkey", "log-1"),
        (samples.otlp(samples.span()), "otel", f"5b8efff798038103d269b633813fc60c:{1:016x}"),
    ],
)
def test_each_source_tells_the_same_call(raw: Any, name: str, identity: str) -> None:
    record = only(raw, name)
    assert (record.identity, record.started_at, record.provider) == (identity, AT, "openai")
    assert (record.model or "").startswith("gpt-4o")
    assert record.buckets == BUCKETS


def test_anthropic_splits_what_it_writes_by_lifetime() -> None:
    record = only(samples.anthropic(), "anthropic")
    assert (record.provider, record.endpoint) == ("anthropic", "messages")
    assert record.buckets == TokenBuckets(700, 200, 60, 40, 50)


def test_a_batch_output_is_of_the_batch_tier() -> None:
    assert only(samples.batch_output(), "openai").tier == "batch"
    assert only(samples.openai(), "openai").tier == "standard"


def test_what_the_sources_know_besides_is_kept() -> None:
    record = only(samples.helicone(), "helicone")
    assert (record.end_user, record.conversation_id) == ("ada", "s-1")
    assert (record.reported_usd, record.total_ms) == (Decimal("0.00275"), 1200)
    assert record.tags["team"] == "search"
    assert only(samples.portkey(), "portkey").reported_usd == Decimal("0.00275")
    assert only(samples.litellm(), "litellm").key == "backend"
    assert only(samples.litellm(), "litellm").tags == {"tag:search": "yes", "tag:eu": "yes"}
    assert only(samples.langfuse(), "langfuse").total_ms == 2000
    assert only(samples.otlp(samples.span()), "otel").tags == {"service.name": "shop"}
    assert only(samples.otlp(samples.span()), "otel").total_ms == 1500


def test_a_csv_of_helicone_holds_json_in_its_cells() -> None:
    record = only(HELICONE_ROW, "helicone")
    assert record.buckets == TokenBuckets(input_uncached=1000, output=50)
    assert record.request["messages"][0]["content"] == "line one\nline two"
    assert record.tags == {"team": "search"}


def test_rows_of_usage_exports_are_sums() -> None:
    usage, costs = only(USAGE_ROW, "openai_usage"), only(COST_ROW, "openai_usage")
    assert (usage.calls, usage.is_total, usage.key) == (7, True, "key_1")
    assert usage.buckets == TokenBuckets(input_uncached=5600, cache_read=1400, output=350)
    assert (costs.calls, costs.reported_usd) == (0, Decimal("12.5"))
    anthropic = only(ANTHROPIC_ROW, "anthropic_usage")
    assert anthropic.buckets == TokenBuckets(700_000, 200_000, 60_000, 40_000, 50_000)
    assert (anthropic.units, anthropic.started_at) == (
        {"web_search": 2},
        AT.replace(hour=0),
    )


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (samples.langfuse(kind="SPAN"), "langfuse"),
        (samples.litellm() | {"cache_hit": "True"}, "litellm"),
        (samples.otlp(samples.span(1, {"gen_ai.operation.name": "execute_tool"})), "otel"),
        (USAGE_ROW | {"num_model_requests": "0"}, "openai_usage"),
    ],
)
def test_what_is_no_call_is_passed_over(raw: Any, name: str) -> None:
    assert list(records_of(raw, name)) == [None]


def test_one_broken_span_does_not_take_the_others_with_it() -> None:
    broken = samples.span(2, {"gen_ai.usage.input_tokens": "many"})
    found = list(records_of(samples.otlp(samples.span(1), broken, samples.span(3)), "otel"))
    assert [type(each) for each in found] == [Record, Broken, Record]
    assert str(found[1]) == '"many" is no count'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timestamp": "yesterday"}, '"yesterday" is no time'),
        ({"response": {"object": "chat.completion", "usage": {}, "model": "m"}}, "no usage"),
        (
            {"response": {"object": "chat.completion", "model": "m", "usage": {
                "prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}}}},
            "2 tokens are said to be part of 1",
        ),
        ({"response": {"object": "chat.completion", "usage": {"prompt_tokens": -1}}}, "no model"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_record_is_said(changes: dict[str, Any], reason: str) -> None:
    raw = samples.openai() | {"request": {}} | changes
    (found,) = records_of(raw, "openai")
    assert isinstance(found, Broken)
    assert reason in str(found)


def test_a_failed_call_is_a_call_that_cost_nothing() -> None:
    raw = {
        "timestamp": samples.ISO,
        "status_code": 429,
        "request": {"model": "gpt-4o", "messages": []},
        "error": {"message": "Rate limit"},
    }
    record = only(raw, "openai")
    assert (record.outcome, record.status, record.buckets) == ("error", 429, TokenBuckets())


def test_the_text_of_a_key_does_not_get_in() -> None:
    assert only(samples.openai(api_key="sk-proj-secret-abcd"), "openai").key == "…abcd"


@pytest.mark.parametrize(
    ("stated", "model", "provider"),
    [
        ("OPENAI", None, "openai"),
        ("azure.ai.openai", "gpt-4o", "azure_openai"),
        ("gcp.vertex_ai", None, "google"),
        (None, "claude-sonnet-4-5", "anthropic"),
        (None, "o3-mini", "openai"),
        (None, "mistral/mistral-large", "mistral"),
        (None, "our-own-model", "unknown"),
    ],
)
def test_providers_have_the_names_of_the_price_book(
    stated: str | None, model: str | None, provider: str
) -> None:
    assert provider_of(stated, model) == provider


def test_a_model_loses_its_provider_and_nothing_else() -> None:
    assert plain_model("openai", "openai/gpt-4o") == "gpt-4o"
    assert plain_model("together", "meta-llama/Llama-3-70b") == "meta-llama/Llama-3-70b"


@pytest.mark.parametrize("divisor", [1, 10**-3, 10**-6, 10**-9])
def test_unix_times_are_read_in_each_unit(divisor: float) -> None:
    assert instant(round(samples.UNIX / divisor)) == AT
    assert instant(str(round(samples.UNIX / divisor))) == AT


@given(st.datetimes(min_value=AT.replace(tzinfo=None), max_value=AT.replace(tzinfo=None)
                    + timedelta(days=3650)))  # fmt: skip
def test_a_time_without_a_zone_is_utc(naive: Any) -> None:
    assert instant(naive.isoformat(sep=" ")) == naive.replace(tzinfo=AT.tzinfo)


@given(st.integers(0, 10**15))
def test_counts_survive_every_spelling(number: int) -> None:
    assert [count(number), count(str(number)), count(f"{number:,}"), count(f"{number}.0")] == [
        number
    ] * 4


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
SAMPLES: tuple[tuple[str, Callable[[], Any]], ...] = (
    ("openai", samples.openai),
    ("anthropic", samples.anthropic),
    ("litellm", samples.litellm),
    ("helicone", samples.helicone),
    ("langfuse", samples.langfuse),
    ("portkey", samples.portkey),
    ("otel", lambda: samples.otlp(samples.span())),
    ("openai_usage", lambda: dict(USAGE_ROW)),
    ("anthropic_usage", lambda: dict(ANTHROPIC_ROW)),
)


@given(st.data())
@hypothesis_settings(max_examples=300, deadline=None)
def test_no_shape_of_a_record_is_too_strange(data: st.DataObject) -> None:
    name, sample = data.draw(st.sampled_from(SAMPLES))
    raw = json.loads(json.dumps(sample()))
    place = raw
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(ANY_JSON)
            break
        place = place[key]
    for found in records_of(raw, name):
        assert found is None or isinstance(found, Record | Broken)


def test_each_format_is_recognised_before_those_it_resembles() -> None:
    for name, sample in SAMPLES:
        assert format_of([sample()]) == name
    assert {name for name, _ in SAMPLES} == set(FORMATS)
    assert format_of([{"hello": "world"}, {}]) is None
    assert replace(only(samples.plain_span(), "otel"), request={}).buckets == TokenBuckets(
        input_uncached=1000, output=50
    )
