"""Buckets are disjoint: each token of the provider's totals is in exactly one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers import anthropic, gemini
from apps.proxy.providers.openai_usage import read_usage
from apps.proxy.providers.tally import count, shares

counts = st.integers(0, 10**6)
details = st.dictionaries(
    st.sampled_from(
        ["cached_tokens", "audio_tokens", "image_tokens", "cache_write_tokens", "reasoning_tokens"]
    ),
    counts | st.none() | st.just("9") | st.floats(-5, 5),
)


@pytest.mark.parametrize(
    ("usage", "buckets"),
    [
        ({"prompt_tokens": 8, "total_tokens": 8}, TokenBuckets(input_uncached=8)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 5,
                "prompt_cache_hit_tokens": 60,
                "prompt_cache_miss_tokens": 40,
            },
            TokenBuckets(input_uncached=40, cache_read=60, output=5),
        ),
        (  # xAI: reasoning beside the completion
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 22,
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            TokenBuckets(input_uncached=10, output=5, reasoning=7),
        ),
        (  # Google's compatible API: reasoning only in the total
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22},
            TokenBuckets(input_uncached=10, output=5, reasoning=7),
        ),
        (  # Mistral: sound only in the total
            {
                "prompt_audio_seconds": 4,
                "prompt_tokens": 4,
                "completion_tokens": 51,
                "total_tokens": 635,
            },
            TokenBuckets(input_uncached=4, input_audio=580, output=51),
        ),
        (
            {"prompt_tokens": 10.0, "completion_tokens": None, "prompt_tokens_details": None},
            TokenBuckets(input_uncached=10),
        ),
        ({"prompt_tokens": -5, "completion_tokens": True}, TokenBuckets()),
        ({"type": "duration", "seconds": 3}, None),
        ({}, None),
        (None, None),
        ("prompt_tokens", None),
    ],
)
def test_usage_as_providers_write_it(usage: Any, buckets: TokenBuckets | None) -> None:
    assert read_usage(usage) == buckets


@given(counts, counts, details, details)
def test_openais_buckets_add_up_to_its_totals(
    prompt: int, completion: int, prompt_details: Any, completion_details: Any
) -> None:
    buckets = read_usage(
        {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": prompt_details,
            "completion_tokens_details": completion_details,
        }
    )
    assert buckets is not None
    assert (buckets.input_total, buckets.output_total) == (prompt, completion)


@given(counts, counts, counts, counts, counts, counts)
def test_anthropics_buckets_add_up_to_its_parts(
    fresh: int, read: int, written: int, long: int, output: int, thinking: int
) -> None:
    buckets = anthropic.read_usage(
        {
            "input_tokens": fresh,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "cache_creation": {"ephemeral_1h_input_tokens": long},
            "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": thinking},
        }
    )
    assert buckets.input_total == fresh + read + (written or long)
    assert buckets.output_total == output


def test_anthropic_without_a_split_wrote_for_five_minutes() -> None:
    found = anthropic.read_usage({"input_tokens": 1, "cache_creation_input_tokens": 8})
    assert found == TokenBuckets(input_uncached=1, cache_write_5m=8)


@given(counts, counts, counts, counts, counts, counts)
def test_geminis_buckets_add_up_to_its_total(
    prompt: int, cached: int, tools: int, audio: int, said: int, thoughts: int
) -> None:
    buckets = gemini.read_usage(
        {
            "promptTokenCount": prompt,
            "cachedContentTokenCount": cached,
            "toolUsePromptTokenCount": tools,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": audio}],
            "candidatesTokenCount": said,
            "thoughtsTokenCount": thoughts,
        }
    )
    assert buckets.total == prompt + tools + said + thoughts


@given(counts, st.lists(st.integers(-50, 10**6), max_size=5))
def test_shares_add_up_and_are_never_negative(total: int, parts: list[int]) -> None:
    found = shares(total, *parts)
    assert (sum(found), min(found) >= 0, len(found)) == (total, True, len(parts) + 1)


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (3.9, 3), (True, 0), ("3", 0), (None, 0), (-1, 0), (float("inf"), 0), (2**60, 0)],
)
def test_only_sane_numbers_count(value: Any, number: int) -> None:
    assert count(value) == number
