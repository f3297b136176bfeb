"""What calls cost: pure, so that the gateway can price each call where it passes."""

from apps.pricing.rates.book import Model, PriceBook
from apps.pricing.rates.prices import (
    TIERS,
    InvalidRate,
    Rate,
    Step,
    TokenPrices,
    Unpriced,
    cost_usd,
    worst_case_usd,
)

__all__ = [
    "TIERS",
    "InvalidRate",
    "Model",
    "PriceBook",
    "Rate",
    "Step",
    "TokenPrices",
    "Unpriced",
    "cost_usd",
    "worst_case_usd",
]
