"""What must be known before a lever may change an answer: bounds, order of tests, drift."""

from apps.optimization.certifying.bounds import InvalidCounts, binomial_lower, binomial_upper
from apps.optimization.certifying.drift import PageHinkley
from apps.optimization.certifying.looks import confidence_left, look_number
from apps.optimization.certifying.sequence import Evidence, certified_until
from apps.optimization.certifying.wealth import WealthTest

__all__ = [
    "Evidence",
    "InvalidCounts",
    "PageHinkley",
    "WealthTest",
    "binomial_lower",
    "binomial_upper",
    "certified_until",
    "confidence_left",
    "look_number",
]
