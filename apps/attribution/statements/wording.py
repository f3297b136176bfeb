"""A statement in words and figures for people: the same on pages, in files and on paper."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from apps.attribution.estimators import WHOLE
from apps.attribution.statements.figures import Amounts, Point, amounts, usd
from apps.kernel.money import shown_usd
from apps.optimization.access import LABELS

METHOD = (
    "Before a period begins, a secret number is drawn and its fingerprint published. It decides, by"
    " chance alone, which conversations are held out. After the period it is revealed, so that"
    " anybody can draw again.",
    "Held-out conversations are left untouched. They show what the others would have cost, retries,"
    " longer answers and all.",
    "From the difference follows an estimate of what was saved, and an interval around it that"
    " holds at every look, however often one looks. It is worked out in whole numbers, the same on"
    " every machine.",
    "Call by call, a ledger also states what each lever saved. The ledger explains; the held-out"
    " conversations decide.",
    "Billed is the lesser of the two: the ledger, or what the lower edge of the interval rose by."
    " What falls below zero is carried, and made up first.",
)


class Line(NamedTuple):
    """One figure of a statement. is_sum: what those above lead to; is_apart: not of the bill."""

    label: str
    usd: Decimal
    note: str
    is_sum: bool = False
    is_apart: bool = False

    @property
    def shown(self) -> str:
        return shown_usd(self.usd)


class LeverLine(NamedTuple):
    """What one lever saved by the ledger, and its part of what is billed."""

    label: str
    ledger: Decimal
    billed: Decimal

    @property
    def shown(self) -> tuple[str, str]:
        return shown_usd(self.ledger), shown_usd(self.billed)


def statement_lines(document: Mapping[str, Any], *, fee_bp: int, carried: int) -> Iterator[Line]:
    """The account of a period, in the order in which it is worked out.

    carried: the shortfall of the statement before, in nano US dollars, at most 0.
    """
    found = amounts(document)
    yield from _savings(found)
    if carried:
        yield Line("Carried from before", usd(carried), "What earlier periods fell short.")
    yield Line(
        "Billed saving", found.billed,
        "The lesser of ledger and proven, with what is carried; never below zero.", is_sum=True,
    )  # fmt: skip
    yield Line(
        "Fee", found.fee, f"{percent(fee_bp)} of the billed saving, rounded once.", is_sum=True
    )
    yield Line(
        "Carried to the next period", found.shortfall,
        "A negative balance stays, and is made up before anything is billed again.",
    )  # fmt: skip
    yield Line(
        "Estimated, not billed", found.estimated,
        "What the ledger shows beyond what is billed. It is never invoiced.", is_apart=True,
    )  # fmt: skip


def lever_lines(document: Mapping[str, Any]) -> list[LeverLine]:
    """By lever; the parts make the whole."""
    found = amounts(document)
    return [
        LeverLine(lever_label(lever), saved, found.billed_by_lever.get(lever, Decimal(0)))
        for lever, saved in found.ledger_by_lever.items()
    ]


def meaning(last: Point | None, terms: Mapping[str, Any]) -> list[str]:
    """What the bound says, in sentences."""
    if last is None or last.low is None or last.high is None:
        return [
            f"Nothing can be said yet: a bound begins at {terms.get('least_count', 200)}"
            " conversations that a lever would have touched. Until then nothing is billed."
        ]
    sure = percent(int(WHOLE * (1 - Decimal(terms["alpha"]))))
    saved, low, high = (shown_usd(usd(each)) for each in (last.audited, last.low, last.high))
    found = (
        f"Since the experiment began, {last.units:,} conversations were compared. Our best"
        f" estimate of what the levers saved is {saved}. With {sure} confidence it was at least"
        f" {low}, and with {sure} confidence at most {high}."
    )
    return [found, _UNPROVEN if last.low <= 0 else _PROVEN]


def draw_words(document: Mapping[str, Any]) -> str:
    """Whether the draw was kept, in a sentence."""
    held = f"{document['held_out']:,} of {document['units']:,} conversations were held out"
    if document["is_paused"]:
        return (
            f"{held}, which the agreed share does not explain: conversations were lost from the"
            " comparison. Nothing positive was billed for this period."
        )
    return f"{held}, as the draw has it."


def period_title(starts_at: datetime, ends_at: datetime) -> str:
    """The days of a period, in UTC."""
    return f"{starts_at.astimezone(UTC):%-d %b %Y} to {ends_at.astimezone(UTC):%-d %b %Y}, UTC"


def percent(basis_points: int) -> str:
    """Basis points in percent, without needless digits."""
    return f"{(Decimal(basis_points) / 100).normalize():f} %"


def lever_label(lever: str) -> str:
    """Its name for people."""
    return LABELS.get(lever, lever)


def _savings(found: Amounts) -> Iterator[Line]:
    yield Line(
        "Spend without Netra", found.untouched,
        "The same calls untouched, each at the price of its day: the counterfactual.",
    )  # fmt: skip
    yield Line("Actual spend", found.paid, "What the providers charged for these calls.")
    if found.comparisons:
        yield Line(
            "of which to compare answers", found.comparisons,
            "Our own test calls to your providers. Each is a loss of the lever that it was for, in"
            " the ledger and in what is proven.",
        )  # fmt: skip
    yield Line(
        "Ledger saving", found.ledger, "The difference, call by call; by lever below.", is_sum=True
    )
    yield Line(
        "Audited saving", found.audited,
        f"What the held-out conversations confirm for this period. {_since_start(found)}",
    )  # fmt: skip
    yield Line(
        "Proven saving", found.proven,
        "By how much the lower edge rose in this period; negative where it fell.", is_sum=True,
    )  # fmt: skip


def _since_start(found: Amounts) -> str:
    if found.low is None:
        return "There are too few for an interval yet."
    low, high = shown_usd(found.low), shown_usd(found.high)
    return f"Since the experiment began, it lies between {low} and {high}."


_PROVEN = (
    "Only the lower edge is ever billed. It holds at every look at once: looking often, or on a"
    " good day, does not make it wrong."
)
_UNPROVEN = (
    "The lower edge is not above zero, so nothing is proven yet and nothing is billed. It rises as"
    " more conversations are compared, if the levers really save."
)
