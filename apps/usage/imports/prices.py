"""What imported calls cost, each by the price book that was in force when it started."""

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.pricing.rates import PriceBook, Rate, Unpriced, cost_usd
from apps.pricing.selectors import UNPUBLISHED, edition_starts, price_book_of_version
from apps.usage.imports.formats import Record

ATOM = Decimal("1e-12")


class Prices:
    """The price books of one organization, each read once."""

    def __init__(self, organization_id: UUID) -> None:
        self._organization_id = str(organization_id)
        self._starts = edition_starts()
        self._books: dict[int, PriceBook] = {}

    def book(self, at: datetime) -> PriceBook:
        """The book in force at `at`; the first one for times before it."""
        place = max(bisect_right(self._starts, at, key=lambda start: start[0]) - 1, 0)
        version = self._starts[place][1] if self._starts else UNPUBLISHED
        if version not in self._books:
            book = price_book_of_version(version)
            self._books[version] = book.for_organization(self._organization_id)
        return self._books[version]

    def rate(self, record: Record, *, tier: str | None = None) -> Rate | None:
        """The rate of a call, or what it would be in another tier; None when unpriced."""
        book, at = self.book(record.started_at), record.started_at
        names = dict.fromkeys((record.served_model, record.model))
        for name in filter(None, names):
            if rate := book.rate(record.provider, name, tier or record.tier, "", at):
                return replace(rate, steps=()) if record.is_total else rate
        return None

    def cost(self, record: Record, rate: Rate | None) -> Decimal | None:
        """USD as the tables hold it; None when unpriced. A call that used nothing costs nothing."""
        if rate is None or (record.is_total and not used(record)):
            return None
        if not used(record):
            return Decimal(0)
        try:
            return cost_usd(record.buckets, rate, record.units).quantize(ATOM)
        except Unpriced:
            return None


def used(record: Record) -> bool:
    """Whether anything that is billed was used."""
    return bool(record.buckets.total or record.units)
