"""What imported calls cost by model, day, key, person and tag, added up as the file is read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection

from apps.usage.imports.formats import Record
from apps.usage.imports.models import Dimension, Import

_ADD = """
    INSERT INTO usage_import_spend AS known (of_import_id, dimension, value, call_count,
        unpriced_count, input_tokens, output_tokens, usd, reported_usd)
    SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
        %s::bigint[], %s::numeric[], %s::numeric[])
    ON CONFLICT (of_import_id, dimension, value) DO UPDATE SET
        call_count = known.call_count + EXCLUDED.call_count,
        unpriced_count = known.unpriced_count + EXCLUDED.unpriced_count,
        input_tokens = known.input_tokens + EXCLUDED.input_tokens,
        output_tokens = known.output_tokens + EXCLUDED.output_tokens,
        usd = known.usd + EXCLUDED.usd,
        reported_usd = known.reported_usd + EXCLUDED.reported_usd
"""


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    unpriced: int = 0
    sent: int = 0
    made: int = 0
    usd: Decimal = field(default_factory=Decimal)
    reported: Decimal = field(default_factory=Decimal)

    def add(self, record: Record, cost: Decimal | None) -> None:
        self.calls += record.calls
        self.unpriced += max(record.calls, 1) if cost is None else 0
        self.sent += record.buckets.input_total
        self.made += record.buckets.output_total
        self.usd += cost or 0
        self.reported += record.reported_usd or 0


def add_spend(of_import: Import, calls: Iterable[tuple[Record, Decimal | None]]) -> None:
    """Add calls, each with its cost in USD or None, to the sums. To be run in a transaction."""
    sums: dict[tuple[str, str], _Sum] = {}
    for record, cost in calls:
        for place in _places(record):
            sums.setdefault(place, _Sum()).add(record, cost)
    if not sums:
        return
    ordered = sorted(sums)  # two imports that wait for each other's rows would wait for ever
    dimensions, values = zip(*ordered, strict=True)
    columns = zip(*(_columns(sums[place]) for place in ordered), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD, [of_import.pk, list(dimensions), list(values), *(list(c) for c in columns)]
        )


def _columns(total: _Sum) -> tuple[int | Decimal, ...]:
    return total.calls, total.unpriced, total.sent, total.made, total.usd, total.reported


def _places(record: Record) -> Iterator[tuple[str, str]]:
    """Days are UTC, as providers bill them."""
    yield Dimension.TOTAL, ""
    yield Dimension.MODEL, f"{record.provider} {record.served_model or record.model}"
    yield Dimension.DAY, f"{record.started_at:%Y-%m-%d}"
    if record.key:
        yield Dimension.KEY, record.key
    if record.end_user:
        yield Dimension.USER, record.end_user
    for name, value in record.tags.items():
        yield Dimension.TAG, f"{name}={value}"
