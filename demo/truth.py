"""What was really saved: the same traffic priced without levers, less what was really paid.

Nothing here is read from the ledger. `without` are the answers of the reference, whose calls went
to the provider at the same moments and without us; `paid` are the answers that the customer got, a
kept one for nothing; `comparing` is what the provider's meter has beyond them: second calls by
which levers are certified. See docs/adr/0058-the-truth-of-a-demo-is-a-fourth-customer.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo.carriers import REFERENCE
from demo.journal import Carried
from demo.pricing import Prices, nested


@dataclass(frozen=True, slots=True)
class Truth:
    """Of one customer, in US dollars. comparing: None where the meter was begun anew meanwhile.

    same, reference_same: shares of answers that equal the recorded ones. right, reference_right: of
    answers to questions with a right one.
    """

    calls: int
    errors: int
    kept: int
    without: Decimal
    paid: Decimal
    comparing: Decimal | None
    same: float
    reference_same: float
    right: float
    reference_right: float

    @property
    def saved(self) -> Decimal:
        """On the traffic, comparing included."""
        return self.without - self.paid - (self.comparing or 0)

    @property
    def saved_on_calls(self) -> Decimal:
        """Without what comparing cost."""
        return self.without - self.paid


def truth(
    calls: Iterable[Carried], who: str, prices: Prices, metered: Mapping[str, Mapping[str, int]]
) -> Truth:
    """Of the calls of `who` that the reference has an answer to as well.

    metered: of the simulator, by model, for the customer's own secret. Raises Unpriced.
    """
    reference = {(each.conversation, each.turn): each for each in calls if each.who == REFERENCE}
    own = [each for each in calls if each.who == who]
    own = [each for each in own if (each.conversation, each.turn) in reference]
    twins = [reference[each.conversation, each.turn] for each in own]
    paid = sum((_usd(each, prices) for each in own), Decimal(0))
    return Truth(
        calls=len(own),
        errors=sum(bool(each.error) for each in own),
        kept=sum(bool(each.given) for each in own),
        without=sum((_usd(each, prices) for each in twins), Decimal(0)),
        paid=paid,
        comparing=_comparing(own, paid, prices, metered),
        same=_share(each.is_same for each in own),
        reference_same=_share(each.is_same for each in twins),
        right=_share(each.is_right for each in own),
        reference_right=_share(each.is_right for each in twins),
    )


def _usd(carried: Carried, prices: Prices) -> Decimal:
    """What the provider charged for the answer: nothing where it was not asked, or failed."""
    if carried.given or carried.error:
        return Decimal(0)
    return prices.usd(carried.sdk, carried.model, carried.usage)


def _comparing(
    own: Sequence[Carried],
    paid: Decimal,
    prices: Prices,
    metered: Mapping[str, Mapping[str, int]],
) -> Decimal | None:
    """What the provider charged beyond the answers that arrived."""
    asked = sum(not (each.given or each.error) for each in own)
    if sum(each["calls"] for each in metered.values()) < asked:
        return None
    whole = sum(
        (_summed(model, sums, prices) for model, sums in metered.items()),
        Decimal(0),
    )
    return whole - paid


def _summed(model: str, sums: Mapping[str, int], prices: Prices) -> Decimal:
    sdk = "anthropic" if "input_tokens" in sums else "openai"
    usage: dict[str, Any] = nested(sums)
    return prices.summed_usd(sdk, model, usage)


def _share(given: Iterable[bool | None]) -> float:
    known = [each for each in given if each is not None]
    return sum(known) / len(known) if known else 0.0
