"""Rules of FOCUS 1.2 for the columns that apply to spend on models, in our own words.

Source: the column definitions of the specification, https://focus.finops.org, version 1.2.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

# Column → whether it may be null. Mandatory columns must be there in any dataset.
MANDATORY = {
    "BilledCost": False, "BillingAccountId": False, "BillingAccountName": True,
    "BillingCurrency": False, "BillingPeriodEnd": False, "BillingPeriodStart": False,
    "ChargeCategory": False, "ChargeClass": True, "ChargeDescription": True,
    "ChargePeriodEnd": False, "ChargePeriodStart": False, "ContractedCost": False,
    "EffectiveCost": False, "InvoiceIssuerName": False, "ListCost": False,
    "PricingQuantity": True, "PricingUnit": True, "ProviderName": False, "PublisherName": False,
    "ServiceCategory": False, "ServiceName": False,
}  # fmt: skip
# These must be there because we support what they describe: accounts of several types, unit
# prices, measured usage, sub accounts, resources, tags.
CONDITIONAL = (
    "BillingAccountType", "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice",
    "ListUnitPrice", "PricingCategory", "PricingCurrency", "ResourceId", "ResourceName",
    "ResourceType", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId",
    "SubAccountName", "SubAccountType", "Tags",
)  # fmt: skip
RECOMMENDED = ("ChargeFrequency", "InvoiceId", "ServiceSubcategory")
NUMERIC = (
    "BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
    "ListCost", "ListUnitPrice", "PricingQuantity",
)  # fmt: skip
NOT_NULL_FOR_USAGE = (
    "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "SkuId", "SkuPriceId",
)  # fmt: skip
ALLOWED = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"", "Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Standard", "Dynamic", "Committed", "Other"},
    "ServiceCategory": {"AI and Machine Learning"},
    "ServiceSubcategory": {"Generative AI"},
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
PERIODS = (("BillingPeriodStart", "BillingPeriodEnd"), ("ChargePeriodStart", "ChargePeriodEnd"))


def broken_columns(names: list[str]) -> list[str]:
    """What is wrong with the columns of a dataset."""
    missing = [name for name in (*MANDATORY, *CONDITIONAL) if name not in names]
    known = {*MANDATORY, *CONDITIONAL, *RECOMMENDED}
    strange = [name for name in names if name not in known and not name.startswith("x_")]
    return [f"missing: {name}" for name in missing] + [f"unknown: {name}" for name in strange]


def broken_rules(row: Mapping[str, str]) -> list[str]:
    """What is wrong with one row of usage; "" is null."""
    return [*_nulls(row), *_values(row), *_figures(row), *_periods(row)]


def _nulls(row: Mapping[str, str]) -> Iterator[str]:
    for name in (*(name for name, may in MANDATORY.items() if not may), *NOT_NULL_FOR_USAGE):
        if not row[name]:
            yield f"{name} is null"


def _values(row: Mapping[str, str]) -> Iterator[str]:
    for name, allowed in ALLOWED.items():
        if row[name] not in allowed:
            yield f"{name} is {row[name]}"
    if not re.fullmatch("[A-Z]{3}", row["BillingCurrency"]):
        yield "BillingCurrency is no ISO 4217 code"
    for name in ("Tags", "SkuPriceDetails"):
        if not isinstance(json.loads(row[name]), dict):
            yield f"{name} is no JSON object"
    for key in json.loads(row["SkuPriceDetails"]):
        if not key.startswith("x_"):
            yield f"SkuPriceDetails has {key}, which FOCUS does not define"


def _figures(row: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name} is no number" for name in NUMERIC if not NUMBER.fullmatch(row[name]))
    quantity = Decimal(row["PricingQuantity"])
    for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
        if quantity * Decimal(row[price]) != Decimal(row[cost]):
            yield f"PricingQuantity times {price} is not {cost}"
        if Decimal(row[price]) < 0:
            yield f"{price} is negative"


def _periods(row: Mapping[str, str]) -> Iterator[str]:
    for start, end in PERIODS:
        if not (INSTANT.fullmatch(row[start]) and INSTANT.fullmatch(row[end])):
            yield f"{start} or {end} is no instant in UTC"
        if row[start] >= row[end]:
            yield f"{start} is not before {end}"
    if not row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["BillingPeriodEnd"]:
        yield "The charge is outside its billing period"
