"""The price of a call as it passes: by the model that served it, at the time it started."""

from collections.abc import Mapping
from decimal import Decimal

from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import Rate, Unpriced, cost_usd
from apps.proxy.exchange import Exchange
from apps.proxy.providers.estimate import foreseen
from apps.proxy.selection import Candidate

_STANDARD = "standard"
# The region of the list: no dialect tells where a call was served.
LISTED = ""
# What providers call their ordinary tier.
_ORDINARY = frozenset({None, "", "auto", "default", "standard", "standard_only", "on_demand"})


def rate_of(
    exchange: Exchange, provider: str, *models: str | None, tier: str | None = None
) -> Rate | None:
    """The rate of the first of `models` that is priced for this organization, else None."""
    named, at = tier_named(tier), exchange.started_at
    for model in models:
        if model and (rate := exchange.book.rate(provider, model, named, LISTED, at)):
            return rate
    return None


def priced_model(
    exchange: Exchange, provider: str, *models: str | None, tier: str | None = None
) -> str | None:
    """The model whose rate `rate_of` takes, by the name that it is looked up for."""
    return next((each for each in models if rate_of(exchange, provider, each, tier=tier)), None)


def tier_named(tier: str | None) -> str:
    """A provider's name of a tier in the words of the price book."""
    return _STANDARD if tier in _ORDINARY else str(tier)


def cost_of(buckets: TokenBuckets, units: Mapping[str, int], rate: Rate | None) -> Decimal | None:
    """Exact USD; None where any part has no price."""
    if rate is None:
        return None
    try:
        return cost_usd(buckets, rate, units)
    except Unpriced:
        return None


def is_cheaper(exchange: Exchange, candidate: Candidate, tier: str) -> bool:
    """Whether a tier costs this call less than the ordinary one. A contract may give every tier one
    price, whether the model has it or not.
    """
    models, tokens = (candidate.model, exchange.model), foreseen(exchange.facts)
    provider = candidate.credential.provider
    eased, ordinary = (
        cost_of(tokens, {}, rate_of(exchange, provider, *models, tier=each))
        for each in (tier, None)
    )
    return eased is not None and ordinary is not None and eased < ordinary
