"""From what was stored to the books: one journal for each batch, project and month."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from itertools import groupby
from uuid import UUID

from apps.usage import store
from apps.usage.ledger.models import JournalKind, Unit
from apps.usage.ledger.services import DayTotal, Posting, add_to_days, book_journals
from apps.usage.store import Counted, Total

# Amounts have 38 digits; Python's own 28 would round their sums.
DIGITS = 60


def post_new_events(
    events: Iterable[Counted], *, organization_id: UUID, batch_id: UUID, at: datetime
) -> None:
    """Book the events that the batch added. To be run in the transaction that added them."""

    def of_batch(posting: Posting) -> Posting:
        key = f"usage:{batch_id}:{posting.project_id}:{posting.period:%Y-%m}"
        return replace(posting, batch_id=batch_id, idempotency_key=key)

    _post(organization_id, store.totals_of(events), of_batch, at=at)


def post_changes(
    *,
    organization_id: UUID,
    totals: Sequence[Total],
    journal_ids: Mapping[UUID, UUID],
    price_version: int,
    at: datetime,
) -> None:
    """Book what later prices changed, each project's calls of one month as one adjustment.

    totals: of the changes. journal_ids: project → id. To be run in the transaction that keeps them.
    """

    def adjustment(posting: Posting) -> Posting:
        return replace(
            posting,
            kind=JournalKind.ADJUSTMENT,
            journal_id=journal_ids[posting.project_id],
            idempotency_key=f"adjustment:{journal_ids[posting.project_id]}",
            price_version=price_version,
        )

    _post(organization_id, totals, adjustment, at=at)


def _post(
    organization_id: UUID,
    totals: Sequence[Total],
    named: Callable[[Posting], Posting],
    *,
    at: datetime,
) -> None:
    groups = groupby(sorted(totals, key=_book), key=_book)
    with localcontext(prec=DIGITS):
        days = _days(totals)
        postings = [named(_posting(organization_id, book, list(of))) for book, of in groups]
    add_to_days(organization_id=organization_id, totals=days)
    book_journals(postings=postings, at=at)


def _book(total: Total) -> tuple[UUID, date]:
    return total.project_id, total.date.replace(day=1)


def _day(total: Total) -> tuple[date, str]:
    return total.date, total.kind


def _posting(organization_id: UUID, book: tuple[UUID, date], totals: Sequence[Total]) -> Posting:
    project_id, period = book
    return Posting(
        organization_id=organization_id,
        project_id=project_id,
        period=period,
        idempotency_key="",
        first_at=min(total.first_at for total in totals),
        last_at=max(total.last_at for total in totals),
        amounts=_amounts(totals),
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
