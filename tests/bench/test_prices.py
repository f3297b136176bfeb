"""The oracle of money agrees with the price book, of which it shares no line."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.rates import PriceBook, cost_usd
from bench.soaking.prices import NoPrice, tokens_of, usd
from bench.soaking.traffic import CHAT, MESSAGES, RESPONSES

BOOK = PriceBook.from_catalogue(shipped_catalogue())
AT = datetime(2026, 11, 21, tzinfo=UTC)
COUNTS = st.integers(0, 10**7)


@given(
    provided=st.sampled_from(
        [("openai", "gpt-4o-mini"), ("openai", "gpt-5-mini"), ("anthropic", "claude-haiku-4-5")]
    ),
    counts=st.fixed_dictionaries(
        dict.fromkeys(("input_uncached", "cache_read", "output", "reasoning"), COUNTS)
    ),
)
def test_any_tokens_cost_what_the_price_book_says(
    provided: tuple[str, str], counts: dict[str, int]
) -> None:
    provider, model = provided
    rate = BOOK.rate(provider, model, "standard", "", AT)
    assert rate is not None
    assert usd(model, counts) == cost_usd(TokenBuckets(**counts), rate)


def test_parts_of_the_usage_are_counted_once() -> None:
    chat = {
        "prompt_tokens": 2000, "completion_tokens": 90,
        "prompt_tokens_details": {"cached_tokens": 1536},
        "completion_tokens_details": {"reasoning_tokens": 40},
    }  # fmt: skip
    told = {"input_uncached": 464, "cache_read": 1536, "output": 50, "reasoning": 40}
    assert tokens_of(CHAT, chat) == told
    response = {
        "input_tokens": 2000, "output_tokens": 90,
        "input_tokens_details": {"cached_tokens": 1536},
        "output_tokens_details": {"reasoning_tokens": 40},
    }  # fmt: skip
    assert tokens_of(RESPONSES, response) == told
    message = {
        "input_tokens": 7, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 11,
        "cache_creation": {"ephemeral_5m_input_tokens": 8, "ephemeral_1h_input_tokens": 3},
        "output_tokens": 2,
    }  # fmt: skip
    assert tokens_of(MESSAGES, message) == {
        "input_uncached": 7, "cache_read": 5, "cache_write_5m": 8, "cache_write_1h": 3, "output": 2,
    }  # fmt: skip
    assert usd("claude-haiku-4-5", tokens_of(MESSAGES, message)) == Decimal("0.0000335")


def test_a_model_without_a_price_has_no_oracle() -> None:
    with pytest.raises(NoPrice):
        usd("no-such-model", {"output": 1})
