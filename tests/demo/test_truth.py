"""The truth by hand: what the reference cost, less what was paid, less what comparing cost."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from demo.carriers import REFERENCE
from demo.journal import Carried
from demo.pricing import Prices, nested
from demo.truth import truth
from tests.gateways import price_book

AT = datetime(2026, 11, 1, tzinfo=UTC)
PRICES = Prices(price_book(), AT)
# gpt-4o: 2.50, 1.25 and 10 US dollars a million tokens; claude-sonnet-4-5: 3, 0.30, 3.75 and 15.
GPT = {
    "prompt_tokens": 3_000,
    "completion_tokens": 100,
    "prompt_tokens_details": {"cached_tokens": 1_024},
}
CLAUDE = {
    "input_tokens": 500,
    "cache_read_input_tokens": 2_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 50,
}


def carried(who: str, turn: int, usage: dict[str, Any], **changes: Any) -> Carried:
    model = "claude-sonnet-4-5-20250929" if "input_tokens" in usage else "gpt-4o-2024-08-06"
    sdk = "anthropic" if "input_tokens" in usage else "openai"
    known: dict[str, Any] = {"given": "", "ms": 1.0, "is_same": True, "is_right": None, "error": ""}
    return Carried(who, "talk", turn, sdk, usage, model, **known | changes)


def test_usage_is_priced_by_its_parts() -> None:
    gpt = Decimal("0.00494") + Decimal("0.00128") + Decimal("0.001")
    assert PRICES.usd("openai", "gpt-4o", GPT) == gpt
    claude = Decimal("0.0015") + Decimal("0.0006") + Decimal("0.0015") + Decimal("0.00075")
    assert PRICES.usd("anthropic", "claude-sonnet-4-5", CLAUDE) == claude


def test_many_calls_added_up_cost_the_sum_of_them_without_a_step_for_long_prompts() -> None:
    flat = {"input_tokens": 500_000, "cache_creation.ephemeral_5m_input_tokens": 7}
    usage = nested(flat | {"output_tokens": 0, "calls": 1_000})
    assert usage["cache_creation"] == {"ephemeral_5m_input_tokens": 7}
    expected = Decimal("1.5") + 7 * Decimal("0.00000375")
    assert PRICES.summed_usd("anthropic", "claude-sonnet-4-5", usage) == expected


def test_a_kept_answer_saves_its_call_and_comparing_costs_what_is_beyond_the_answers() -> None:
    calls = [
        carried(REFERENCE, 1, GPT),
        carried(REFERENCE, 3, CLAUDE),
        carried("all", 1, GPT, given="hit"),
        carried("all", 3, CLAUDE, is_same=False),
        carried("other", 1, GPT),
    ]
    metered = {
        "claude-sonnet-4-5-20250929": {
            "calls": 1,
            "input_tokens": 500,
            "cache_read_input_tokens": 2_000,
            "cache_creation.ephemeral_5m_input_tokens": 400,
            "output_tokens": 50,
        },
        "gpt-4o-mini-2024-07-18": {
            "calls": 1,
            "prompt_tokens": 1_000,
            "prompt_tokens_details.cached_tokens": 0,
            "completion_tokens": 0,
        },
    }
    found = truth(calls, "all", PRICES, metered)
    assert (found.calls, found.kept, found.errors) == (2, 1, 0)
    assert found.saved_on_calls == PRICES.usd("openai", "gpt-4o", GPT)
    assert found.comparing == Decimal("0.00015")
    assert found.saved == found.saved_on_calls - Decimal("0.00015")
    assert (found.same, found.reference_same) == (0.5, 1.0)


def test_a_meter_that_began_anew_says_nothing_of_comparing() -> None:
    calls = [carried(REFERENCE, 1, GPT), carried("all", 1, GPT)]
    found = truth(calls, "all", PRICES, {})
    assert (found.comparing, found.saved) == (None, Decimal(0))
