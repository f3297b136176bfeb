"""Rates read from the plain form of catalogues and contracts, which travels as JSON.

Terms: {"per_mtok": {bucket: USD per million tokens as text}, "steps": [{"above", "per_mtok"}],
"units": {unit: USD each}, "tier", "from", "to", "daily": ["HH:MM", "HH:MM"], "source"};
all may be left out. `from` and `to` are ISO instants or dates in UTC.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from apps.kernel.tokens import BUCKETS
from apps.pricing.rates.prices import PLACES, InvalidRate, Rate, Step, TokenPrices

_MILLION = 6
_ATOM = Decimal(1).scaleb(-PLACES)


def rate_of(
    terms: Mapping[str, Any], *, provider: str, model: str, source: str, is_contracted: bool = False
) -> Rate:
    """The rate that `terms` state. Raises InvalidRate."""
    prices = _per_token(terms.get("per_mtok", {}))
    return Rate(
        provider=provider,
        model=model,
        tier=terms.get("tier", "standard"),
        region=terms.get("region", ""),
        prices=TokenPrices.of(prices),
        steps=tuple(
            Step(step["above"], TokenPrices.of(prices | _per_token(step["per_mtok"])))
            for step in terms.get("steps", ())
        ),
        units={name: Decimal(price) for name, price in terms.get("units", {}).items()},
        source=terms.get("source", source),
        valid_from=_instant(terms.get("from")),
        valid_to=_instant(terms.get("to")),
        daily=_window(terms.get("daily")),
        is_contracted=is_contracted,
    )


def discounted(rate: Rate, terms: Mapping[str, Any]) -> Rate | None:
    """`rate` less the share `terms["discount"]`, where both hold; None where they never meet.

    A price finer than 10^-18 USD is rounded to it, half to even.
    """
    start = _later(rate.valid_from, _instant(terms.get("from")))
    end = _earlier(rate.valid_to, _instant(terms.get("to")))
    if start and end and start >= end:
        return None
    left = 1 - Decimal(terms["discount"])
    return replace(
        rate,
        prices=_scaled(rate.prices, left),
        steps=tuple(Step(step.above, _scaled(step.prices, left)) for step in rate.steps),
        units={name: _times(price, left) for name, price in rate.units.items()},
        source=terms.get("source", rate.source),
        valid_from=start,
        valid_to=end,
        is_contracted=True,
    )


def uplifted(rate: Rate, by: str, region: str) -> Rate:
    """`rate` as it is in a region where tokens cost `by` times as much; units cost the same."""
    steps = tuple(Step(step.above, _scaled(step.prices, Decimal(by))) for step in rate.steps)
    return replace(rate, region=region, prices=_scaled(rate.prices, Decimal(by)), steps=steps)


def _per_token(per_mtok: Mapping[str, str]) -> dict[str, Decimal]:
    if strange := set(per_mtok) - set(BUCKETS):
        raise InvalidRate(f"{', '.join(sorted(strange))}: the buckets are {', '.join(BUCKETS)}.")
    return {name: Decimal(price).scaleb(-_MILLION) for name, price in per_mtok.items()}


def _scaled(prices: TokenPrices, by: Decimal) -> TokenPrices:
    return TokenPrices(**{name: _times(price, by) for name, price in prices.by_bucket.items()})


def _times(price: Decimal, by: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (price * by).quantize(_ATOM, ROUND_HALF_EVEN)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _window(texts: list[str] | None) -> tuple[time, time] | None:
    return (time.fromisoformat(texts[0]), time.fromisoformat(texts[1])) if texts else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other
