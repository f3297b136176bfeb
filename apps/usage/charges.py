"""From an event to its charges: what each bucket of its tokens cost, exactly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from typing import Any, NamedTuple
from uuid import UUID

from apps.kernel.tokens import BUCKETS
from apps.pricing.models import PriceBookEdition
from apps.pricing.rates import PriceBook, Rate
from apps.pricing.rates.prices import PER_REQUEST, PLACES
from apps.pricing.selectors import price_book, price_book_of_version
from apps.usage.explaining import buckets_of, explaining_rate, rates_of

EXACT = Context(prec=80, traps=[Inexact])
TOKENS, REQUESTS = "Tokens", "Requests"
# What a charge is of when no one rate explains the cost: several attempts, or an import.
WHOLE = "call"
_STANDARD = "standard"
_NOTHING: Decimal = Decimal(0)


class Charge(NamedTuple):
    """A quantity at a price. unit_usd: for one of `unit`; list_unit_usd: without a contract.

    above: the length of input past which this price holds; -1 for the price of every call.
    """

    provider: str
    model: str
    meter: str
    tier: str
    above: int
    unit: str
    unit_usd: Decimal
    list_unit_usd: Decimal
    quantity: int


@dataclass(slots=True)
class Books:
    """The price books that an export meets, each read once."""

    organization_id: UUID
    _known: dict[int, PriceBook] = field(default_factory=dict)

    def of(self, event: Mapping[str, Any]) -> PriceBook:
        """The book that the event was priced with; the one in force where that is not known."""
        version = event["price_version"]
        if version is None:
            return price_book(event["started_at"])
        if version not in self._known:
            self._known[version] = self._book(version, event)
        return self._known[version]

    @staticmethod
    def _book(version: int, event: Mapping[str, Any]) -> PriceBook:
        try:
            return price_book_of_version(version)
        except PriceBookEdition.DoesNotExist:
            return price_book(event["started_at"])


def charges(event: Mapping[str, Any], books: Books) -> Iterator[Charge]:
    """The charges of an event, whose costs sum to its `actual_usd`; none when it is unpriced.

    The rate is the one whose price makes up the whole cost. Where there is none, the call is one
    charge: a cost is never split by guess.
    """
    cost: Decimal | None = event["actual_usd"]
    if not cost:
        return
    book = books.of(event)
    own = book.for_organization(str(books.organization_id))
    if rate := explaining_rate(event, own):
        listed = rates_of(event, book, (rate.tier,))
        yield from _parts(event, rate, next(listed, rate))
    else:
        yield _charge(event, WHOLE, _STANDARD, -1, REQUESTS, cost, cost, 1)


def _parts(event: Mapping[str, Any], rate: Rate, listed: Rate) -> Iterator[Charge]:
    buckets = buckets_of(event)
    level, list_level = (each.level(buckets.input_total) for each in (rate, listed))
    prices = zip(BUCKETS, buckets.counts, level.atoms, list_level.atoms, strict=True)
    for name, count, atoms, list_atoms in prices:
        if count:
            unit_usd, list_usd = _usd(atoms), _usd(list_atoms)
            yield _charge(event, name, rate.tier, level.above, TOKENS, unit_usd, list_usd, count)
    for name, count in (*event["units"].items(), (PER_REQUEST, 1)):
        price = rate.units.get(name, _NOTHING)
        if count and price:
            unit = REQUESTS if name == PER_REQUEST else name.replace("_", " ").title()
            list_usd = listed.units.get(name, price)
            yield _charge(event, name, rate.tier, -1, unit, price, list_usd, count)


def _charge(
    event: Mapping[str, Any], meter: str, tier: str, above: int, unit: str, *rest: Any
) -> Charge:
    model = event["served_model"] or event["requested_model"] or ""
    return Charge(event["provider"] or "", model, meter, tier, above, unit, *rest)


def _usd(atoms: int) -> Decimal:
    return Decimal(atoms).scaleb(-PLACES, EXACT)
