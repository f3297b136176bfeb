"""Reads: the price book as it was, is, and travels to the gateway."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.models import Catalogue, ContractedRate, PriceBookEdition
from apps.pricing.rates import PriceBook

# Before anything is published, the shipped catalogue is in force under this version.
UNPUBLISHED = 0


def edition_in_force(at: datetime) -> PriceBookEdition | None:
    """The edition in force at `at`; the first one for times before it, None when there is none."""
    editions = PriceBookEdition.objects.order_by("-in_force_from")
    return editions.filter(in_force_from__lte=at).first() or editions.last()


def edition_starts() -> list[tuple[datetime, int]]:
    """From when each edition was in force, and its version; in the order of time."""
    editions = PriceBookEdition.objects.order_by("in_force_from")
    return list(editions.values_list("in_force_from", "version"))


def price_book(at: datetime) -> PriceBook:
    """The book in force at `at`, with the contracts of every organization."""
    edition = edition_in_force(at)
    if edition is None:
        return PriceBook.from_catalogue(_shipped(), version=UNPUBLISHED)
    return _book(edition)


def price_book_of_version(version: int) -> PriceBook:
    """The book that calls of `version` were priced with. Raises PriceBookEdition.DoesNotExist."""
    if version == UNPUBLISHED:
        return PriceBook.from_catalogue(_shipped(), version=UNPUBLISHED)
    return _book(PriceBookEdition.objects.get(pk=version))


class Books:
    """Price books of one organization by version, each read once."""

    def __init__(self, organization_id: UUID) -> None:
        self._organization_id = str(organization_id)
        self._known: dict[int, PriceBook | None] = {}

    def of(self, version: int | None) -> PriceBook | None:
        """The book of that version; None where there is none."""
        if version is None:
            return None
        if version not in self._known:
            self._known[version] = self._read(version)
        return self._known[version]

    def _read(self, version: int) -> PriceBook | None:
        try:
            return price_book_of_version(version).for_organization(self._organization_id)
        except PriceBookEdition.DoesNotExist:
            return None


def snapshot_part(at: datetime) -> dict[str, Any]:
    """The book in force as plain JSON; PriceBook.from_dict reads it."""
    return price_book(at).to_dict()


def _book(edition: PriceBookEdition) -> PriceBook:
    contracts = ContractedRate.objects.of_version(edition.version)
    return PriceBook.from_catalogue(
        _content(edition.catalogue_id),
        version=edition.version,
        contracts=[plain_contract(each) for each in contracts],
    )


def plain_contract(rate: ContractedRate) -> dict[str, Any]:
    """A contract as PriceBook takes it."""
    terms: dict[str, Any] = rate.terms
    return terms | {
        "organization": str(rate.organization_id),
        "provider": rate.provider,
        "model": rate.model,
        "tier": rate.tier,
        "region": rate.region,
        "source": rate.source,
        "from": rate.valid_from.isoformat(),
        "to": rate.valid_to.isoformat() if rate.valid_to else None,
    }


@lru_cache(maxsize=2)
def _content(digest: str) -> dict[str, Any]:
    """A catalogue never changes under its digest, so that a process reads it once."""
    content: dict[str, Any] = Catalogue.objects.values_list("content", flat=True).get(pk=digest)
    return content


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    return shipped_catalogue()
