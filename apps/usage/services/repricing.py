"""Calls priced again by another version of the price book: as adjustments, never as edits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.kernel.errors import NetraError
from apps.kernel.ids import uuid7
from apps.kernel.tokens import BUCKETS
from apps.pricing.models import PriceBookEdition
from apps.pricing.selectors import Books, price_book_of_version
from apps.tenants.context import tenant_scope
from apps.tenants.jobs import enqueue
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.explaining import cost_by, explaining_rate, rate_in_force
from apps.usage.ledger.models import Repricing
from apps.usage.services.posting import DIGITS, post_changes
from apps.usage.store import Change, EventFilter

REPRICE = "usage.reprice"
BATCH = 2_000
# What was refused cost nothing, and whether an interrupted call cost anything is not known.
_NEVER_PRICED = ("refused", "interrupted")
_NAMES = (
    "id", "started_at", "project_id", "provider", "served_model", "requested_model", "attempts",
    "outcome", "tier", "region", "units", *BUCKETS, "price_version", "actual_usd",
    "counterfactual_usd",
)  # fmt: skip
_NOTHING = Decimal(0)
Call = Mapping[str, Any]
Position = tuple[datetime, UUID]


class UnknownPriceVersion(NetraError):
    code = "unknown_price_version"
    http_status = 404
    message = "The price book has no such version. The staff site lists its editions."


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the calls that were looked at. adjusted: their price changed. priced: of these, they had
    none before. unexplained: left as they are, since no rate of their own version makes up their
    price. unpriced: they still have none. changed_usd: by how much all of them cost more.
    """

    calls: int = 0
    adjusted: int = 0
    priced: int = 0
    unexplained: int = 0
    unpriced: int = 0
    changed_usd: Decimal = _NOTHING

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(*(getattr(self, name) + getattr(other, name) for name in Outcome.__slots__))


def request_repricing(
    *, organization: Organization, period: date, price_version: int, by: str, at: datetime
) -> Repricing:
    """Ask for `reprice_usage` in the background. Raises UnknownPriceVersion."""
    _require_version(price_version)
    with transaction.atomic():
        row = Repricing.objects.create(
            organization_id=organization.pk,
            period=period.replace(day=1),
            price_version=price_version,
            requested_by=by,
            requested_at=at,
        )
        enqueue(REPRICE, organization=organization, at=at, repricing_id=str(row.pk))
    return row


def run_repricing(*, organization: Organization, repricing_id: UUID, at: datetime) -> Outcome:
    """Do what was requested, and write down what came of it. Twice is the same as once."""
    row = Repricing.objects.get(pk=repricing_id, organization_id=organization.pk)
    outcome = reprice_usage(
        organization=organization, period=row.period, price_version=row.price_version, at=at
    )
    if row.finished_at is None:
        row.outcome = asdict(outcome) | {"changed_usd": f"{outcome.changed_usd:f}"}
        row.finished_at = at
        row.save(update_fields=["outcome", "finished_at"])
    return outcome


def reprice_usage(
    *, organization: Organization, period: date, price_version: int, at: datetime
) -> Outcome:
    """Price the calls of a month (UTC) that begins on `period` by a version of the price book.

    The difference is booked as adjustments, and is in every figure from then on. Each batch is one
    transaction: whoever is interrupted begins again, and what has its price already changes
    nothing. What levers saved stays as it was proven: the untouched call's cost moves along.
    Imported calls keep the price of their import. Raises UnknownPriceVersion.
    """
    _require_version(price_version)
    work = _Work(organization, period, price_version, at, Books(organization.pk))
    total, position = Outcome(), None
    while True:
        with tenant_scope(organization), localcontext(prec=DIGITS):
            outcome, position = work.reprice_batch(position)
            total += outcome
        if position is None:
            return total


def _require_version(version: int) -> None:
    try:
        price_book_of_version(version)
    except PriceBookEdition.DoesNotExist as error:
        raise UnknownPriceVersion from error


@dataclass(frozen=True, slots=True)
class _Work:
    organization: Organization
    period: date
    price_version: int
    at: datetime
    books: Books

    @transaction.atomic
    def reprice_batch(self, position: Position | None) -> tuple[Outcome, Position | None]:
        """The next calls after `position`; the place to go on at, None at the end."""
        store.await_other_adjusting()
        calls = self._calls(position)
        journal_ids: dict[UUID, UUID] = {}
        verdicts = [self._verdict(call, journal_ids) for call in calls]
        changes = [change for _, change in verdicts if change]
        if changes:
            self._keep(changes, journal_ids)
        outcome = sum((outcome for outcome, _ in verdicts), Outcome())
        last = (calls[-1]["started_at"], calls[-1]["id"]) if len(calls) == BATCH else None
        return outcome, last

    def _calls(self, position: Position | None) -> Sequence[Call]:
        month = store.month_of(datetime(self.period.year, self.period.month, 1, tzinfo=UTC))
        window = EventFilter(
            since=month.start, until=store.next_month(month).start, is_imported=False
        )
        found = store.events_after(window, position).exclude(outcome__in=_NEVER_PRICED)
        return list(found.values(*_NAMES)[:BATCH])

    def _verdict(self, call: Call, journal_ids: dict[UUID, UUID]) -> tuple[Outcome, Change | None]:
        found = self._new_usd(call)
        if isinstance(found, Outcome):
            return found, None
        before = call["actual_usd"]
        if found == before:
            return Outcome(calls=1), None
        change = self._change(call, found, journal_ids)
        outcome = Outcome(calls=1, adjusted=1, changed_usd=change.actual_usd)
        return (replace(outcome, priced=1) if before is None else outcome), change

    def _new_usd(self, call: Call) -> Decimal | Outcome:
        """The call's price by the wanted version, or why it keeps what it has."""
        if not (call["actual_usd"] or call["units"] or any(call[name] for name in BUCKETS)):
            # An answer of a cache, or an error: a price of each request would charge for it.
            return Outcome(calls=1, unpriced=int(call["actual_usd"] is None))
        book, tier = self.books.of(self.price_version), call["tier"]
        if call["actual_usd"] is not None:
            own = self.books.of(call["price_version"])
            explaining = explaining_rate(call, own) if own else None
            if explaining is None:
                return Outcome(calls=1, unexplained=1)
            tier = explaining.tier
        rate = rate_in_force(call, book, tier) if book else None
        found = cost_by(call, rate) if rate else None
        if found is None:
            is_unpriced = call["actual_usd"] is None
            return Outcome(calls=1, unpriced=int(is_unpriced), unexplained=int(not is_unpriced))
        return found

    def _change(self, call: Call, usd: Decimal, journal_ids: dict[UUID, UUID]) -> Change:
        before, untouched = call["actual_usd"], call["counterfactual_usd"]
        is_known = before is not None and untouched is not None
        saved = untouched - before if is_known else _NOTHING
        return Change(
            event_id=call["id"],
            started_at=call["started_at"],
            price_version=self.price_version,
            journal_id=journal_ids.setdefault(call["project_id"], uuid7()),
            unpriced_calls=-1 if before is None else 0,
            actual_usd=usd - (before or _NOTHING),
            counterfactual_usd=usd + saved - (untouched or _NOTHING),
            saved_usd=_NOTHING,
        )

    def _keep(self, changes: Sequence[Change], journal_ids: Mapping[UUID, UUID]) -> None:
        totals = store.write_changes(changes)
        post_changes(
            organization_id=self.organization.pk,
            totals=totals,
            journal_ids=journal_ids,
            price_version=self.price_version,
            at=self.at,
        )
