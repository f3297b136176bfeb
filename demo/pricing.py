"""What usage costs by the price book: read from answers and from the simulator's meter, by rules of
our own, so that nothing of the gateway's reading or of its ledger is taken over.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import PriceBook, Rate, cost_usd

STANDARD = "standard"
_USED = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output")


class Unpriced(Exception):
    """A model that the price book does not have."""


class Prices:
    """The book in force at `at`, for calls of a demo that begins then."""

    def __init__(self, book: PriceBook, at: datetime) -> None:
        self._book, self._at = book, at

    def usd(self, sdk: str, model: str, usage: Mapping[str, Any]) -> Decimal:
        """Of one answer's usage as the provider reports it; sdk: whose shape it has, "openai" or
        "anthropic". Raises Unpriced.
        """
        return cost_usd(_buckets(sdk, usage), self._rate(sdk, model))

    def summed_usd(self, sdk: str, model: str, usage: Mapping[str, Any]) -> Decimal:
        """Of the usage of many calls added up, none of which is long enough for another price step.
        Raises Unpriced.
        """
        rate, summed = self._rate(sdk, model), _buckets(sdk, usage)
        each = (cost_usd(TokenBuckets(**{name: 1}), rate) * getattr(summed, name) for name in _USED)
        return sum(each, Decimal(0))

    def _rate(self, sdk: str, model: str) -> Rate:
        rate = self._book.rate(sdk, model, STANDARD, "", self._at)
        if rate is None:
            raise Unpriced(f"The price book has no {sdk} {model}.")
        return rate


def _buckets(sdk: str, usage: Mapping[str, Any]) -> TokenBuckets:
    return _of_openai(usage) if sdk == "openai" else _of_anthropic(usage)


def _of_openai(usage: Mapping[str, Any]) -> TokenBuckets:
    """Cached tokens are a part of the prompt's."""
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return TokenBuckets(
        input_uncached=usage["prompt_tokens"] - cached,
        cache_read=cached,
        output=usage["completion_tokens"],
    )


def _of_anthropic(usage: Mapping[str, Any]) -> TokenBuckets:
    """The parts of the input do not overlap."""
    written = usage.get("cache_creation") or {}
    return TokenBuckets(
        input_uncached=usage["input_tokens"],
        cache_read=usage.get("cache_read_input_tokens") or 0,
        cache_write_5m=written.get("ephemeral_5m_input_tokens") or 0,
        cache_write_1h=written.get("ephemeral_1h_input_tokens") or 0,
        output=usage["output_tokens"],
    )


def nested(flat: Mapping[str, int]) -> dict[str, Any]:
    """The simulator's sums, whose names are like `details.cached`, in the shape of a usage."""
    found: dict[str, Any] = {}
    for name, count in flat.items():
        *above, last = name.split(".")
        place = found
        for each in above:
            place = place.setdefault(each, {})
        place[last] = count
    return found
