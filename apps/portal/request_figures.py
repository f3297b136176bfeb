"""One request in full, as its page shows it: time, money and what the levers decided."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from apps.kernel.money import shown_usd
from apps.kernel.tokens import BUCKETS, TokenBuckets
from apps.optimization.access import LABELS
from apps.portal.reasons import told
from apps.tenants.models import Organization
from apps.usage.charges import TOKENS, WHOLE, Books, Charge, charges
from apps.usage.selectors import UsageEvent

_MILLION = 1_000_000
_WORDS = {"act": "acted", "shadow": "would have acted", "none": "did nothing"}
_LEVELS = {"act": "success", "shadow": "accent", "none": "neutral"}


class Step(NamedTuple):
    """A part of the time that a request took; begins and takes are in milliseconds."""

    label: str
    begins: str
    takes: str
    start_percent: str
    width_percent: str


class Item(NamedTuple):
    """One line of the bill."""

    label: str
    quantity: str
    price: str
    cost: str


class LeverLine(NamedTuple):
    """What a lever decided and what it saved."""

    lever: str
    decision: str
    level: str
    reason: str
    saved: str
    certificate_id: str | None


def buckets_of(call: UsageEvent) -> TokenBuckets:
    """The tokens of a call."""
    return TokenBuckets(*(getattr(call, name) for name in BUCKETS))


def timeline_of(call: UsageEvent) -> list[Step]:
    """Where the time went, one part after the other; empty where it was not measured."""
    if not call.total_ms:
        return []
    return [
        Step(
            label,
            f"{begins:,.1f} ms",
            f"{ends - begins:,.1f} ms",
            f"{begins / call.total_ms * 100:.2f}",
            f"{max((ends - begins) / call.total_ms * 100, 0.5):.2f}",
        )
        for label, begins, ends in _parts(call, call.total_ms)
        if ends > begins
    ]


def _parts(call: UsageEvent, total: float) -> Iterator[tuple[str, float, float]]:
    """(what, from, to) in milliseconds since the call came in."""
    admitted = min(call.admission_ms or 0.0, total)
    first = min(call.first_byte_ms or total, total)
    yield "Admission", 0.0, admitted
    yield "Until the first byte", admitted, first
    yield "Answer", first, total


def bill_of(organization: Organization, call: UsageEvent) -> dict[str, Any]:
    """The cost by what is charged, at the prices of its version; the parts sum to it exactly."""
    told = {name: getattr(call, name) for name in _PRICED}
    found = list(charges(told, Books(organization.pk)))
    return {
        "items": [_item(each) for each in found],
        "is_whole": any(each.meter == WHOLE for each in found),
        "tier": found[0].tier if found else "",
        "exact": "" if call.actual_usd is None else f"{call.actual_usd.normalize():f}",
    }


_PRICED = (
    "provider", "served_model", "requested_model", "attempts", "tier", "region", "started_at",
    "units", "actual_usd", "price_version", *BUCKETS,
)  # fmt: skip


def _item(charge: Charge) -> Item:
    is_tokens = charge.unit == TOKENS
    price = charge.unit_usd * _MILLION if is_tokens else charge.unit_usd
    per = "1M tokens" if is_tokens else charge.unit.lower().removesuffix("s")
    cost: Decimal = charge.unit_usd * charge.quantity
    label = charge.meter.replace("_", " ").capitalize()
    return Item(label, f"{charge.quantity:,}", f"{_exact(price)} per {per}", _exact(cost))


def _exact(usd: Decimal) -> str:
    """Every digit, and cents at least: prices of tokens are not whole cents."""
    places = max(-int(usd.normalize().as_tuple().exponent), 2)
    return f"${usd:,.{places}f}"


def levers_of(call: UsageEvent) -> list[LeverLine]:
    """The decision of each lever, in whichever arm, in the order in which they act."""
    saved = {lever: Decimal(usd) for lever, usd in call.decomposition.items()}
    return [
        LeverLine(
            LABELS.get(each["lever"], each["lever"]),
            _WORDS.get(each["decision"], each["decision"]),
            _LEVELS.get(each["decision"], "neutral"),
            told(each.get("reason", "")),
            shown_usd(saved[each["lever"]]) if each["lever"] in saved else "–",
            each.get("certificate_id"),
        )
        for each in call.decisions
    ]
