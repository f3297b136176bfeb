"""Small catalogues and contracts for tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.pricing.models import ContractedRate, PriceBookEdition
from apps.pricing.rates import PriceBook, cost_usd
from apps.pricing.services import publish_edition, set_contracted_rate
from apps.tenants.models import Organization

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = TokenBuckets(input_uncached=1_000_000)


def make_catalogue(usd: str, edition: str = "2026-11-21") -> dict[str, Any]:
    """One model at `usd` for a million input tokens."""
    rates = [{"per_mtok": {"input_uncached": usd, "output": usd}}]
    models = [{"id": "gpt", "rates": rates}]
    providers = {"openai": {"source": "https://openai.test", "models": models}}
    return {"edition": edition, "source": "test", "providers": providers}


def publish(usd: str, at: datetime = NOON) -> PriceBookEdition:
    """An edition of that catalogue."""
    return publish_edition(catalogue=make_catalogue(usd), reason="test", at=at)


def agree(organization: Organization, at: datetime = NOON, **fields: Any) -> ContractedRate:
    """Half of the list price since yesterday, unless `fields` say otherwise."""
    fields = dict[str, Any](terms={"discount": "0.5"}, valid_from=NOON - 24 * HOUR) | fields
    return set_contracted_rate(
        organization=organization, provider="openai", source="MSA 7", at=at, **fields
    )


def usd(book: PriceBook, organization: Organization | None = None, at: datetime = NOON) -> Decimal:
    """What a million input tokens cost by the book."""
    book = book.for_organization(str(organization.pk)) if organization else book
    rate = book.rate("openai", "gpt", "standard", "", at)
    assert rate
    return cost_usd(ONE, rate)
