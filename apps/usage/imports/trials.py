"""What a simulated optimisation would have saved on imported calls, by day and by group.

The levers stand above this floor: `settings.IMPORT_TRIER` names what tries a call while its content
is at hand. Only sums are kept, so that intervals can be drawn from them and no call from a sum.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from apps.pricing.rates import Rate
from apps.usage.imports.formats import Record
from apps.usage.imports.models import Import, TrialSum

BASELINE = ""  # what the calls cost as they were
GROUPS = 64
_ADD = f"""
    INSERT INTO {TrialSum._meta.db_table} AS known
        (of_import_id, cluster, name, lever, call_count, usd)
    SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::numeric[])
    ON CONFLICT (of_import_id, cluster, name, lever) DO UPDATE SET
        call_count = known.call_count + EXCLUDED.call_count, usd = known.usd + EXCLUDED.usd
"""  # noqa: S608  (constants)
Saved = Mapping[str, Decimal]
_Place = tuple[str, str, str]


class Trier(Protocol):
    """Tries the calls of one file in their order."""

    def tried(self, record: Record, rate: Rate | None, cost: Decimal | None) -> Saved:
        """Lever → USD that it would have saved on the call, below 0 where it would have cost."""


def make_trier(organization_id: UUID, key: bytes) -> Trier:
    """The one that the settings name. It forgets when a worker goes on with a file: less is found
    then, never more.
    """
    trier: Trier = import_string(settings.IMPORT_TRIER)(organization_id, key)
    return trier


def add_trials(of_import: Import, calls: Iterable[tuple[Record, Decimal | None, Saved]]) -> None:
    """Add new calls, each with its cost and what it was tried for. To be run in a transaction."""
    sums: defaultdict[_Place, list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for record, cost, saved in calls:
        if cost is None or record.is_total:
            continue
        for place, usd in _places(record, {BASELINE: cost, **saved}):
            sums[place][0] += 1
            sums[place][1] += usd
    if not sums:
        return
    ordered = sorted(sums)
    columns = [*zip(*ordered, strict=True), *zip(*(sums[place] for place in ordered), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [of_import.pk, *map(list, columns)])


def _places(record: Record, amounts: Saved) -> Iterator[tuple[_Place, Decimal]]:
    day, group = f"{record.started_at:%Y-%m-%d}", _group(record)
    for lever, usd in amounts.items():
        yield ("day", day, lever), usd
        yield ("group", group, lever), usd


def _group(record: Record) -> str:
    """One of GROUPS; all calls of a conversation, else of a person's day, are in the same."""
    person = f"{record.end_user}|{record.started_at:%Y-%m-%d}" if record.end_user else ""
    name = record.conversation_id or person or f"{record.identity}|{record.started_at}"
    return f"{sha256(name.encode(errors='replace')).digest()[0] % GROUPS:02d}"
