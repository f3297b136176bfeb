"""Prices as the API shows them: exact decimals as text, in USD."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.fields import Choice
from apps.kernel.tokens import BUCKETS
from apps.pricing.rates import TIERS, Rate, TokenPrices

_USD = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
_PER_MTOK = {
    "type": "object",
    "description": "USD per million tokens of each bucket; a bucket left out has no price.",
    "properties": dict.fromkeys(BUCKETS, _USD),
    "additionalProperties": False,
}
_STEPS = {
    "type": "array",
    "description": "Prices of the whole call once its input is longer.",
    "items": {
        "type": "object",
        "required": ["above_input_tokens", "usd_per_mtok"],
        "properties": {"above_input_tokens": {"type": "integer"}, "usd_per_mtok": _PER_MTOK},
    },
}
_UNITS = {
    "type": "object",
    "description": "USD for each of what is not counted in tokens, for example web_search.",
    "additionalProperties": _USD,
}
_DAILY = {
    "type": ["array", "null"],
    "description": "From and to which hour of the UTC day this price holds; null when all day.",
    "items": {"type": "string", "pattern": r"^\d\d:\d\d$"},
}
_MILLION = 1_000_000


class PriceOut(serializers.Serializer[Rate]):
    """What a model costs the organization now."""

    provider = serializers.CharField()
    model = serializers.CharField()
    tier = Choice(choices=list(TIERS))
    region = serializers.CharField(help_text="Empty for everywhere without a price of its own.")
    usd_per_mtok = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    units_usd = serializers.SerializerMethodField()
    is_contracted = serializers.BooleanField(
        help_text="Whether it is agreed with the organization instead of listed by the provider."
    )
    source = serializers.CharField(  # type: ignore[assignment]  # fields have such an attribute
        help_text="Where the price stands."
    )
    valid_from = serializers.DateTimeField(allow_null=True)
    valid_to = serializers.DateTimeField(allow_null=True)
    daily = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField(help_text="Of the price book.")

    @extend_schema_field(_PER_MTOK)
    def get_usd_per_mtok(self, rate: Rate) -> dict[str, str]:
        return _per_mtok(rate.prices)

    @extend_schema_field(_STEPS)
    def get_steps(self, rate: Rate) -> list[dict[str, Any]]:
        return [
            {"above_input_tokens": step.above, "usd_per_mtok": _per_mtok(step.prices)}
            for step in rate.steps
        ]

    @extend_schema_field(_UNITS)
    def get_units_usd(self, rate: Rate) -> dict[str, str]:
        return {name: _text(price) for name, price in sorted(rate.units.items())}

    @extend_schema_field(_DAILY)
    def get_daily(self, rate: Rate) -> list[str] | None:
        return [f"{edge:%H:%M}" for edge in rate.daily] if rate.daily else None

    def get_version(self, _rate: Rate) -> int:
        version: int = self.context["version"]
        return version


def _per_mtok(prices: TokenPrices) -> dict[str, str]:
    return {name: _text(price * _MILLION) for name, price in prices.by_bucket.items()}


def _text(price: Decimal) -> str:
    return f"{price.normalize():f}"
