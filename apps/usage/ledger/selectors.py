"""Reads of the books."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from apps.usage.ledger.models import USED, Discrepancy, Entry, Journal, OrganizationDay, Unit

_DAY_COLUMNS = {
    Unit.CALLS.value: "calls",
    Unit.TOKENS.value: "tokens",
    Unit.USD.value: "spend_usd",
    Unit.SAVED_USD.value: "saved_usd",
}


def is_booked(organization_id: UUID, idempotency_key: str) -> bool:
    """Whether a journal with this key exists."""
    known = Journal.objects.filter(organization_id=organization_id)
    return known.filter(idempotency_key=idempotency_key).exists()


def used(organization_id: UUID, period: date) -> dict[tuple[UUID | None, str], Decimal]:
    """(project, unit) → what the books say was used in the month that begins on `period`."""
    entries = _entries(organization_id, period).filter(account__startswith=f"{USED}:")
    sums = entries.values_list("journal__project_id", "unit").annotate(amount=Sum("amount"))
    return {(project, unit): amount for project, unit, amount in sums.order_by()}


def trial_balance(organization_id: UUID, period: date) -> dict[str, Decimal]:
    """Unit → sum of all entries of a month, which is 0."""
    sums = _entries(organization_id, period).values_list("unit").annotate(amount=Sum("amount"))
    return dict(sums.order_by("unit"))


def day_total_figures(
    organization_id: UUID, since: datetime, until: datetime
) -> dict[tuple[UUID | None, str], Decimal]:
    """(None, unit) → sum of the daily totals over [since, until), both midnight UTC."""
    days = OrganizationDay.objects.filter(
        organization_id=organization_id, date__gte=since.date(), date__lt=until.date()
    )
    sums = days.aggregate(**{f"sum_{column}": Sum(column) for column in _DAY_COLUMNS.values()})
    amounts = {unit: sums[f"sum_{column}"] for unit, column in _DAY_COLUMNS.items()}
    return {(None, unit): Decimal(amount) for unit, amount in amounts.items() if amount}


def open_discrepancies() -> QuerySet[Discrepancy]:
    """Those of every organization that were not resolved, newest first."""
    return Discrepancy.objects.filter(resolved_at=None).order_by("-first_seen_at", "-id")


def _entries(organization_id: UUID, period: date) -> QuerySet[Entry]:
    return Entry.objects.filter(journal__organization_id=organization_id, journal__period=period)
