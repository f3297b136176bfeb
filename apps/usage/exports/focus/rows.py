"""From charges to rows of FOCUS: summed by the hour, named as the specification names them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from apps.usage.charges import EXACT, TOKENS, WHOLE, Books, Charge, charges
from apps.usage.exports.columns import COLUMNS, Row
from apps.usage.store import month_of, next_month

CATEGORY, SUBCATEGORY = "AI and Machine Learning", "Generative AI"
MILLION = 6
# Sums of an hour that are held at once; past them the hour gets several rows of a kind.
MOST_SUMS = 20_000
_NAMES = {
    "anthropic": "Anthropic", "azure": "Microsoft", "bedrock": "Amazon Web Services",
    "cohere": "Cohere", "deepseek": "DeepSeek", "google": "Google", "groq": "Groq",
    "mistral": "Mistral AI", "openai": "OpenAI", "openrouter": "OpenRouter", "xai": "xAI",
}  # fmt: skip
# https://focus.finops.org, version 1.2; columns of commitments, capacity and regions do not apply.
FOCUS_COLUMNS: tuple[str, ...] = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
    "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingCurrency", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName",
    "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId",
    "SubAccountName", "SubAccountType", "Tags", "x_ApiKeyId",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays. projects: names by id."""

    id: UUID
    name: str
    projects: Mapping[UUID, str]


class _Key(NamedTuple):
    hour: datetime
    project_id: UUID
    api_key_id: UUID | None
    tags: bytes
    charge: Charge  # its quantity is 0 here


def charge_batches(
    account: Account, books: Books, batches: Iterable[Iterable[Row]]
) -> Iterator[list[list[Any]]]:
    """Rows of FOCUS_COLUMNS from rows of COLUMNS that come in the order of time."""
    sums = dict[_Key, int]()
    for batch in batches:
        done = []
        for event in (dict(zip(COLUMNS, row, strict=True)) for row in batch):
            hour = _hour(event["started_at"])
            if sums and (len(sums) >= MOST_SUMS or next(iter(sums)).hour != hour):
                done += [_row(account, key, count) for key, count in sums.items()]
                sums.clear()
            _add(sums, event, hour, books)
        yield done
    yield [_row(account, key, count) for key, count in sums.items()]


def _add(sums: dict[_Key, int], event: Mapping[str, Any], hour: datetime, books: Books) -> None:
    tags = orjson.dumps(event["tags"], option=orjson.OPT_SORT_KEYS)
    for charge in charges(event, books):
        kind = charge._replace(quantity=0)
        key = _Key(hour, event["project_id"], event["api_key_id"], tags, kind)
        sums[key] = sums.get(key, 0) + charge.quantity


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _row(account: Account, key: _Key, quantity: int) -> list[Any]:
    known = {
        **_account(account, key),
        **_period(key.hour),
        **_cost(key.charge, quantity),
        **_sku(key.charge),
        "Tags": key.tags.decode(),
        "x_ApiKeyId": str(key.api_key_id) if key.api_key_id else None,
    }
    return [known.get(name) for name in FOCUS_COLUMNS]


def _account(account: Account, key: _Key) -> dict[str, Any]:
    return {
        "BillingAccountId": str(account.id),
        "BillingAccountName": account.name,
        "BillingAccountType": "Organization",
        "SubAccountId": str(key.project_id),
        "SubAccountName": account.projects.get(key.project_id),
        "SubAccountType": "Project",
    }


def _period(hour: datetime) -> dict[str, Any]:
    month = month_of(hour)
    return {
        "BillingPeriodStart": _seconds(month.start),
        "BillingPeriodEnd": _seconds(next_month(month).start),
        "ChargePeriodStart": _seconds(hour),
        "ChargePeriodEnd": _seconds(hour + timedelta(hours=1)),
    }


def _cost(charge: Charge, quantity: int) -> dict[str, Any]:
    cost = _plain(EXACT.multiply(charge.unit_usd, Decimal(quantity)))
    in_millions = MILLION if charge.unit == TOKENS else 0
    return {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost"), cost),
        "ListCost": _plain(EXACT.multiply(charge.list_unit_usd, Decimal(quantity))),
        "BillingCurrency": "USD",
        "PricingCurrency": "USD",
        "ConsumedQuantity": Decimal(quantity),
        "ConsumedUnit": charge.unit,
        "PricingQuantity": _plain(Decimal(quantity).scaleb(-in_millions, EXACT)),
        "PricingUnit": f"{10**MILLION} {TOKENS}" if in_millions else charge.unit,
        "ContractedUnitPrice": _plain(charge.unit_usd.scaleb(in_millions, EXACT)),
        "ListUnitPrice": _plain(charge.list_unit_usd.scaleb(in_millions, EXACT)),
        "PricingCategory": "Other" if charge.meter == WHOLE else "Standard",
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
    }


def _sku(charge: Charge) -> dict[str, Any]:
    provider = _NAMES.get(charge.provider, charge.provider or "Unknown")
    meter = charge.meter.replace("_", " ").title()
    sku = f"{charge.provider}/{charge.model}/{charge.meter}"
    price = f"{sku}/{charge.tier}" + (f"/above-{charge.above}" if charge.above >= 0 else "")
    details = {"x_Meter": charge.meter, "x_Tier": charge.tier}
    return {
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), provider),
        "ServiceName": f"{provider} API",
        "ServiceCategory": CATEGORY,
        "ServiceSubcategory": SUBCATEGORY,
        "ResourceId": charge.model or None,
        "ResourceName": charge.model or None,
        "ResourceType": "Model" if charge.model else None,
        "SkuId": sku,
        "SkuMeter": meter,
        "SkuPriceDetails": orjson.dumps(details).decode(),
        "SkuPriceId": price,
        "ChargeDescription": f"{charge.model}: {meter}",
    }


def _seconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _plain(amount: Decimal) -> Decimal:
    """Without the zeros at its end, as many digits as it has."""
    return amount.normalize(EXACT)
