"""Keep what providers say that they charged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal

from django.db import transaction

from apps.usage.models import ProviderStatement, ProviderStatementLine
from apps.usage.statements import SOURCES, Columns, InvalidStatement, Reading, read_statement

GENERIC = "generic"
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A cost export. source: a name of SOURCES, or "generic" with `columns`."""

    name: str
    data: bytes
    source: str
    columns: Columns | None = None


@transaction.atomic
def record_statement(
    *, provider: str, month: date, file: StatementFile, given_by: str, at: datetime
) -> ProviderStatement:
    """Keep the provider's account of a month of the current organization, in place of an earlier
    one. month: any day of it. Raises InvalidStatement.
    """
    first = month.replace(day=1)
    reading = read_statement(file.data, _columns(file), first)
    ProviderStatement.objects.filter(provider=provider, month=first).delete()
    statement = ProviderStatement.objects.create(
        provider=provider,
        month=first,
        source=file.source,
        file_name=file.name,
        total_usd=_total(reading.sums),
        row_count=reading.row_count,
        outside_count=reading.outside_count,
        given_by=given_by,
        created_at=at,
    )
    _keep_lines(statement, reading)
    return statement


def _columns(file: StatementFile) -> Columns:
    known = SOURCES.get(file.source) or file.columns
    if known is None:
        raise InvalidStatement("Say in columns where the file has its dates and amounts.")
    return known


def _keep_lines(statement: ProviderStatement, reading: Reading) -> None:
    ProviderStatementLine.objects.bulk_create(
        (
            ProviderStatementLine(statement=statement, day=day, model=model, amount_usd=amount)
            for (day, model), amount in reading.sums.items()
        ),
        batch_size=2_000,
    )


def _total(sums: Mapping[tuple[date, str], Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in sums.values():
        total = _EXACT.add(total, amount)
    return total
