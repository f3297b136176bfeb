"""Which rate of the price book made up a recorded cost; pure.

Calls are mappings of names of the request log: provider, served_model, requested_model, attempts,
tier, region, started_at, units, actual_usd and the token buckets.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from apps.kernel.tokens import BUCKETS, TokenBuckets
from apps.pricing.rates import TIERS, PriceBook, Rate, Unpriced, cost_usd

Call = Mapping[str, Any]
_STANDARD, _LISTED = "standard", ""


def buckets_of(call: Call) -> TokenBuckets:
    return TokenBuckets(*(call[name] for name in BUCKETS))


def cost_by(call: Call, rate: Rate) -> Decimal | None:
    """What the call costs at `rate`: exact USD; None when a part of it has no price."""
    try:
        return cost_usd(buckets_of(call), rate, call["units"])
    except Unpriced:
        return None


def explaining_rate(call: Call, book: PriceBook) -> Rate | None:
    """The rate whose price is the call's whole cost; None where no one rate of `book` is."""
    tiers = TIERS if call["tier"] is None else (call["tier"],)
    rates = rates_of(call, book, tiers)
    return next((rate for rate in rates if cost_by(call, rate) == call["actual_usd"]), None)


def rate_in_force(call: Call, book: PriceBook, tier: str | None) -> Rate | None:
    """The rate that the gateway takes: of the first of the call's models that has one."""
    return next(rates_of(call, book, (tier or _STANDARD,)), None)


def rates_of(call: Call, book: PriceBook, tiers: Iterable[str]) -> Iterator[Rate]:
    """The rates of the call's models: the one that answered, was tried, was asked for."""
    tried = call["attempts"][-1].get("model") if call["attempts"] else None
    models = dict.fromkeys((call["served_model"], tried, call["requested_model"]))
    region = call["region"] or _LISTED
    for tier in tiers:
        for model in filter(None, models):
            if call["provider"]:
                rate = book.rate(call["provider"], model, tier, region, call["started_at"])
                if rate:
                    yield rate
