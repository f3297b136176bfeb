"""Book journals and add to daily totals. What is booked is never edited: book the difference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.kernel.ids import uuid7
from apps.usage.ledger.models import (
    SOURCE,
    USED,
    Discrepancy,
    Entry,
    Journal,
    JournalKind,
    OrganizationDay,
    Unit,
)

_DAY_SUMS = ("calls", "unpriced_calls", "tokens", "spend_usd", "saved_usd")
_ADD_DAYS = f"""
    INSERT INTO public.{OrganizationDay._meta.db_table} AS known
        (organization_id, date, kind, {", ".join(_DAY_SUMS)})
    SELECT %s, * FROM unnest(%s::date[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
        %s::numeric[], %s::numeric[]) AS given(date, kind, {", ".join(_DAY_SUMS)})
    ORDER BY date, kind
    ON CONFLICT (organization_id, date, kind)
    DO UPDATE SET {", ".join(f"{name} = known.{name} + excluded.{name}" for name in _DAY_SUMS)}
"""  # noqa: S608  (constants, as below)
# One statement, for each shipped batch makes a journal.
_BOOK = f"""
    WITH booked AS (
        INSERT INTO public.{Journal._meta.db_table} (id, organization_id, project_id, period, kind,
            idempotency_key, booked_at, first_at, last_at, batch_id, price_version)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::date[], %s::text[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::uuid[], %s::bigint[])
    )
    INSERT INTO public.{Entry._meta.db_table} (journal_id, unit, account, amount)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::numeric[])
"""  # noqa: S608
_JOURNAL_FIELDS = (
    "id", "organization_id", "project_id", "period", "kind", "idempotency_key", "booked_at",
    "first_at", "last_at", "batch_id", "price_version",
)  # fmt: skip
_day_values = attrgetter("date", "kind", *_DAY_SUMS)
_journal_values = attrgetter(*_JOURNAL_FIELDS)
_entry_values = attrgetter("journal_id", "unit", "account", "amount")


@dataclass(frozen=True, slots=True)
class Posting:
    """A journal to be booked. amounts: (unit, kind of call) → what was used; 0 is left out.

    journal_id: where its id is known before; a UUIDv7.
    """

    organization_id: UUID
    project_id: UUID
    period: date
    idempotency_key: str
    first_at: datetime
    last_at: datetime
    amounts: Mapping[tuple[Unit, str], Decimal]
    kind: JournalKind = JournalKind.USAGE
    batch_id: UUID | None = None
    price_version: int | None = None
    journal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What is added to the totals of one day (UTC) of an organization and one kind of call."""

    date: date
    kind: str
    calls: int = 0
    unpriced_calls: int = 0
    tokens: int = 0
    spend_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)


def book_journals(*, postings: Sequence[Posting], at: datetime) -> list[Journal]:
    """Book each posting with both sides of each amount.

    Raises IntegrityError for an idempotency key that is booked already: whoever may come twice
    asks `selectors.is_booked` first, in the transaction that holds its lock.
    """
    journals = [_journal(posting, at=at) for posting in postings]
    pairs = zip(journals, postings, strict=True)
    entries = [entry for pair in pairs for entry in _entries(*pair)]
    if journals:
        columns = _columns(map(_journal_values, journals), len(_JOURNAL_FIELDS))
        with connection.cursor() as cursor:
            cursor.execute(_BOOK, [*columns, *_columns(map(_entry_values, entries), 4)])
    return journals


def add_to_days(*, organization_id: UUID, totals: Iterable[DayTotal]) -> None:
    """Add to the organization's days; rows are locked in order of day and kind."""
    columns = _columns(map(_day_values, totals), 2 + len(_DAY_SUMS))
    with connection.cursor() as cursor:
        cursor.execute(_ADD_DAYS, [organization_id, *columns])


@transaction.atomic
def note_discrepancies(
    *,
    organization_id: UUID,
    periods: Sequence[date],
    found: Mapping[tuple[date, UUID | None, str], Mapping[str, str]],
    at: datetime,
) -> None:
    """Keep what a check of `periods` found: new ones open, known ones stay, others are resolved.

    found: (period, project, unit) → where → figure.
    """
    known = {
        (row.period, row.project_id, row.unit): row
        for row in Discrepancy.objects.select_for_update().filter(
            organization_id=organization_id, period__in=periods, resolved_at=None
        )
    }
    for key, row in known.items():
        if key in found:
            row.last_seen_at, row.places = at, dict(found[key])
        else:
            row.resolved_at = at
        row.save()
    Discrepancy.objects.bulk_create(
        Discrepancy(
            organization_id=organization_id, period=period, project_id=project_id, unit=unit,
            places=dict(places), first_seen_at=at, last_seen_at=at,
        )
        for (period, project_id, unit), places in found.items()
        if (period, project_id, unit) not in known
    )  # fmt: skip


def _journal(posting: Posting, *, at: datetime) -> Journal:
    return Journal(
        id=posting.journal_id or uuid7(),
        organization_id=posting.organization_id,
        project_id=posting.project_id,
        period=posting.period,
        kind=posting.kind,
        idempotency_key=posting.idempotency_key,
        booked_at=at,
        first_at=posting.first_at,
        last_at=posting.last_at,
        batch_id=posting.batch_id,
        price_version=posting.price_version,
    )


def _entries(journal: Journal, posting: Posting) -> Iterable[Entry]:
    for (unit, kind), amount in posting.amounts.items():
        if amount:
            for account, signed in ((USED, amount), (SOURCE, amount.copy_negate())):
                yield Entry(journal=journal, unit=unit, account=f"{account}:{kind}", amount=signed)


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """One list for each column, also of no rows."""
    listed = list(rows)
    return [[row[place] for row in listed] for place in range(width)]
