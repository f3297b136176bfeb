"""What Netra was worth: what is asked, and its figures; `selectors.value` reads them.

Proven and estimated are two answers to one question, how much was saved: what held-out
conversations confirm, and what the ledger reckons call by call. They are never added up.
"""

from apps.attribution.valuing.asking import (
    CUSTOMERS_KINDS,
    OVERHEAD_KINDS,
    USUAL_DAYS,
    ValueQuery,
    usual_days,
)
from apps.attribution.valuing.figures import (
    ArmValue,
    Bucket,
    LeverValue,
    Rate,
    Spend,
    Value,
    Window,
    exact_sum,
)
from apps.attribution.valuing.lines import LINE_COLUMNS, value_lines
from apps.attribution.valuing.proof import ExperimentValue, ProvenValue

__all__ = [
    "CUSTOMERS_KINDS",
    "LINE_COLUMNS",
    "OVERHEAD_KINDS",
    "USUAL_DAYS",
    "ArmValue",
    "Bucket",
    "ExperimentValue",
    "LeverValue",
    "ProvenValue",
    "Rate",
    "Spend",
    "Value",
    "ValueQuery",
    "Window",
    "exact_sum",
    "usual_days",
    "value_lines",
]
