"""From what was stored to the books: one journal for each batch, project and month."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, localcontext
from itertools import groupby
from uuid import UUID

from apps.usage import store
from apps.usage.ledger.models import Unit
from apps.usage.ledger.services import DayTotal, Posting, add_to_days, book_journals
from apps.usage.store import Counted, Total

# Amounts have 38 digits; Python's own 28 would round their sums.
DIGITS = 60


def post_new_events(
    events: Iterable[Counted], *, organization_id: UUID, batch_id: UUID, at: datetime
) -> None:
    """Book the events that the batch added. To be run in the transaction that added them."""
    totals = store.totals_of(events)
    groups = groupby(sorted(totals, key=_book), key=_book)
    with localcontext(prec=DIGITS):
        days = _days(totals)
        postings = [_posting(organization_id, batch_id, book, list(of)) for book, of in groups]
    add_to_days(organization_id=organization_id, totals=days)
    book_journals(postings=postings, at=at)


def _book(total: Total) -> tuple[UUID, date]:
    return total.project_id, total.date.replace(day=1)


def _day(total: Total) -> tuple[date, str]:
    return total.date, total.kind


def _posting(
    organization_id: UUID, batch_id: UUID, book: tuple[UUID, date], totals: Sequence[Total]
) -> Posting:
    project_id, period = book
    return Posting(
        organization_id=organization_id,
        project_id=project_id,
        period=period,
        idempotency_key=f"usage:{batch_id}:{project_id}:{period:%Y-%m}",
        first_at=min(total.first_at for total in totals),
        last_at=max(total.last_at for total in totals),
        amounts=_amounts(totals),
        batch_id=batch_id,
    )


def _amounts(totals: Iterable[Total]) -> dict[tuple[Unit, str], Decimal]:
    amounts: dict[tuple[Unit, str], Decimal] = {}
    for total in totals:
        for unit, amount in (
            (Unit.CALLS, total.calls),
            (Unit.TOKENS, total.tokens),
            (Unit.USD, total.spend_usd),
            (Unit.SAVED_USD, total.saved_usd),
        ):
            amounts[unit, total.kind] = amounts.get((unit, total.kind), Decimal(0)) + amount
    return amounts


def _days(totals: Sequence[Total]) -> list[DayTotal]:
    groups = groupby(sorted(totals, key=_day), key=_day)
    return [_day_total(*day, list(of)) for day, of in groups]


def _day_total(on: date, kind: str, totals: Sequence[Total]) -> DayTotal:
    return DayTotal(
        on,
        kind,
        calls=sum(total.calls for total in totals),
        unpriced_calls=sum(total.unpriced_calls for total in totals),
        tokens=sum(total.tokens for total in totals),
        spend_usd=sum((total.spend_usd for total in totals), Decimal(0)),
        saved_usd=sum((total.saved_usd for total in totals), Decimal(0)),
    )
