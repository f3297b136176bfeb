"""What a call must have cost by the provider's own words: the oracle of money.

Prices are read from the catalogue's JSON, multiplied as fractions; nothing of `apps.pricing` runs.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

_CATALOGUE = Path(__file__).resolve().parents[2] / "apps/pricing/catalogue"
_MILLION = 10**6
_ATOMS = 10**18
_DIGITS = 60
Tokens = dict[str, int]


class NoPrice(LookupError):
    """The catalogue has no standard price for a model."""


def tokens_of(path: str, usage: Mapping[str, Any]) -> Tokens:
    """The provider's usage in tokens that are charged alike, none counted twice."""
    if path.endswith("/messages"):
        return _of_anthropic(usage)
    read = usage.get("prompt_tokens", usage.get("input_tokens", 0))
    written = usage.get("completion_tokens", usage.get("output_tokens", 0))
    details = usage.get("prompt_tokens_details", usage.get("input_tokens_details")) or {}
    thought = usage.get("completion_tokens_details", usage.get("output_tokens_details")) or {}
    cached, thinking = details.get("cached_tokens", 0), thought.get("reasoning_tokens", 0)
    return _counted(
        input_uncached=read - cached, cache_read=cached, output=written - thinking,
        reasoning=thinking,
    )  # fmt: skip


def _of_anthropic(usage: Mapping[str, Any]) -> Tokens:
    by_lifetime = usage.get("cache_creation") or {}
    hour = by_lifetime.get("ephemeral_1h_input_tokens", 0)
    return _counted(
        input_uncached=usage["input_tokens"],
        cache_read=usage.get("cache_read_input_tokens", 0),
        cache_write_5m=usage.get("cache_creation_input_tokens", 0) - hour,
        cache_write_1h=hour,
        output=usage["output_tokens"],
    )


def _counted(**counts: int) -> Tokens:
    return {name: count for name, count in counts.items() if count}


def usd(model: str, tokens: Mapping[str, int]) -> Decimal:
    """Exact US dollars. Raises NoPrice."""
    prices = _per_token(model)
    total = sum((Fraction(count) * prices[name] for name, count in tokens.items()), Fraction(0))
    atoms = total * _ATOMS
    if atoms.denominator != 1:
        raise NoPrice(f"{model}: {total} USD is no whole number of 10^-18 USD")
    with localcontext(prec=_DIGITS):
        return Decimal(atoms.numerator).scaleb(-18)


@cache
def _per_token(model: str) -> dict[str, Fraction]:
    stated = {name: Fraction(text) / _MILLION for name, text in _stated(model).items()}
    reading, writing = stated["input_uncached"], stated.get("output", Fraction(0))
    short = stated.get("cache_write_5m", reading)
    return {
        "input_uncached": reading,
        "cache_read": stated.get("cache_read", reading),
        "cache_write_5m": short,
        "cache_write_1h": stated.get("cache_write_1h", short),
        "output": writing,
        "reasoning": stated.get("reasoning", writing),
    }


def _stated(model: str) -> Mapping[str, str]:
    for provider in ("openai", "anthropic"):
        known = json.loads((_CATALOGUE / f"{provider}.json").read_text())["models"]
        for entry in known:
            if model in (entry["id"], *entry.get("names", ())):
                [terms] = [each for each in entry["rates"] if "tier" not in each]
                prices: Mapping[str, str] = terms["per_mtok"]
                return prices
    raise NoPrice(model)
