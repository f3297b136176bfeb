"""From calls of the request log to a unit as its row tells it, each price found again.

Calls are mappings as `apps.usage.selectors.unit_events` tells them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.attribution.assignment import TREATMENT
from apps.attribution.audit.encoding import rate_document
from apps.attribution.audit.units import Call, Charge, ClosedUnit
from apps.kernel.tokens import BUCKETS
from apps.pricing.rates import PriceBook
from apps.usage.explaining import cost_by, explaining_rate

_PLACES = 18
Told = Mapping[str, Any]
Charges = tuple[tuple[Charge, ...], int]
_NOTHING: Charges = ((), 0)


class Charging:
    """rates: the documents of all rates that calls named so far, by id. unexplained: events whose
    price no rate of their price version gives; they count for nothing, in both arms alike.
    """

    def __init__(self, book_of: Callable[[int | None], PriceBook | None]) -> None:
        self.rates: dict[str, dict[str, Any]] = {}
        self.unexplained: list[str] = []
        self._book_of = book_of

    def unit_of(self, name: str, told: Sequence[Told]) -> ClosedUnit:
        """A unit of all its calls, which are in the order of time."""
        expected = sum(_expected_until_triggered(told))
        return ClosedUnit(
            unit=name,
            is_treated=told[0]["arm"] == TREATMENT,
            is_triggered=any(each["is_triggered"] for each in told),
            stratum=expected.bit_length(),
            segment=str(told[0]["project_id"]),
            # What levers save is not known beforehand: predictions learn it from earlier units.
            expected_plain=expected,
            expected_levered=expected,
            calls=tuple(map(self._call, told)),
        )

    def comparison_of(self, told: Told) -> Call:
        """A call that was made to compare answers: without levers there would be none."""
        paid, levers = self._paid(told), _levers(told)
        if not _is_explained(paid, _NOTHING, sum(levers.values())):
            self.unexplained.append(str(told["id"]))
            paid, levers = _NOTHING, {}
        return Call(str(told["id"]), *(paid or _NOTHING), *_NOTHING, levers)

    def _call(self, told: Told) -> Call:
        paid = self._paid(told)
        untouched = self._untouched(told) if told["untouched"] else paid
        levers = _levers(told)
        if not _is_explained(paid, untouched, sum(levers.values())):
            self.unexplained.append(str(told["id"]))
            levers, untouched = {}, paid
        (charges, atoms), (other, other_atoms) = paid or _NOTHING, untouched or _NOTHING
        return Call(str(told["id"]), charges, atoms, other, other_atoms, levers)

    def _paid(self, told: Told) -> Charges | None:
        """What the call was charged for; None where its price cannot be found again."""
        if not told["actual_usd"] and not told["units"] and not _tokens(told):
            return _NOTHING
        book = self._book_of(told["price_version"])
        if book is None or told["actual_usd"] is None:
            return None
        rate = explaining_rate(told, book)
        if rate is None:
            return None
        document = self._known(rate_document(rate))
        return (Charge(document["id"], _tokens(told), _used(told)),), _atoms(told["actual_usd"])

    def _untouched(self, told: Told) -> Charges | None:
        priced = [self._charge(told, charge) for charge in told["untouched"]]
        found = [each for each in priced if each is not None]
        if len(found) < len(priced):
            return None
        return tuple(charge for charge, _ in found), sum(atoms for _, atoms in found)

    def _charge(self, told: Told, plain: Told) -> tuple[Charge, int] | None:
        book = self._book_of(told["price_version"])
        named = plain["provider"], plain["model"], plain["tier"], plain["region"]
        rate = book.rate(*named, told["started_at"]) if book else None
        usd = cost_by({**plain["buckets"], "units": plain["units"]}, rate) if rate else None
        if rate is None or usd is None:
            return None
        document = self._known(rate_document(rate))
        return Charge(document["id"], _tokens(plain["buckets"]), _used(plain)), _atoms(usd)

    def _known(self, document: dict[str, Any]) -> dict[str, Any]:
        return self.rates.setdefault(document["id"], document)


def _levers(told: Told) -> dict[str, int]:
    return {name: _atoms(usd) for name, usd in told["decomposition"].items()}


def _is_explained(paid: Charges | None, untouched: Charges | None, saved_atoms: int) -> bool:
    return paid is not None and untouched is not None and untouched[1] - paid[1] == saved_atoms


def _expected_until_triggered(told: Sequence[Told]) -> Iterator[int]:
    """What each call was expected to cost, up to the first that a lever would have touched: what
    comes after it may be of the lever's making.
    """
    for each in told:
        yield int(each["features"].get("expected_nanos", 0))
        if each["is_triggered"]:
            return


def _tokens(counts: Told) -> dict[str, int]:
    return {name: counts[name] for name in BUCKETS if counts[name]}


def _used(told: Told) -> dict[str, int]:
    return {name: count for name, count in told["units"].items() if count}


def _atoms(usd: Decimal | str) -> int:
    return int(Decimal(usd).scaleb(_PLACES))
