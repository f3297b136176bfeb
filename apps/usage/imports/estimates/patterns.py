"""Sightings folded into rows, so that files of any size are judged in bounded memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.usage.imports.estimates.levers import Sighting
from apps.usage.imports.models import Import, Pattern
from apps.usage.store.adding import columns_of

_Key = tuple[str, UUID]
_TABLE = Pattern._meta.db_table
_KNOWN = f"""
    SELECT lever, digest, seen_count, last_at, low_usd, high_usd
    FROM unnest(%s::text[], %s::uuid[]) AS given(lever, digest)
    JOIN {_TABLE} AS known USING (lever, digest) WHERE of_import_id = %s
"""  # noqa: S608  (constants, as below)
_KEEP = f"""
    INSERT INTO {_TABLE} (of_import_id, lever, digest, seen_count, last_at, low_usd, high_usd)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::timestamptz[],
        %s::numeric[], %s::numeric[])
    ON CONFLICT (of_import_id, lever, digest) DO UPDATE SET seen_count = excluded.seen_count,
        last_at = excluded.last_at, low_usd = excluded.low_usd, high_usd = excluded.high_usd
"""  # noqa: S608


@dataclass(slots=True)
class _Seen:
    """A Pattern without Django, for a file has hundreds of thousands."""

    count: int
    at: datetime
    low: Decimal
    high: Decimal

    @classmethod
    def first(cls, sighting: Sighting) -> "_Seen":
        if sighting.soon is None:
            return cls(1, sighting.at, sighting.low, sighting.high)
        return cls(1, sighting.at, sighting.low_first, sighting.high_first)

    def add(self, sighting: Sighting) -> None:
        # Exports are in the order of time or against it.
        gap = abs(sighting.at - self.at)
        is_soon = sighting.soon is None or gap <= sighting.soon
        is_late = sighting.late is None or gap <= sighting.late
        self.low += sighting.low if is_soon else sighting.low_first
        self.high += sighting.high if is_late else sighting.high_first
        self.count += 1
        self.at = sighting.at


def fold(of_import: Import, sightings: Iterable[Sighting]) -> None:
    """Add what was seen to what was seen before. To be run in a transaction."""
    given = list(sightings)
    if not given:
        return
    seen = _known(of_import, given)
    for sighting in given:
        key = sighting.lever, sighting.digest
        if key in seen:
            seen[key].add(sighting)
        else:
            seen[key] = _Seen.first(sighting)
    _keep(of_import, seen)


def _known(of_import: Import, sightings: Sequence[Sighting]) -> dict[_Key, _Seen]:
    keys = {(sighting.lever, sighting.digest) for sighting in sightings}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [*columns_of(keys), of_import.pk])
        return {(lever, digest): _Seen(*rest) for lever, digest, *rest in cursor.fetchall()}


def _keep(of_import: Import, seen: Mapping[_Key, _Seen]) -> None:
    rows = [
        (of_import.pk, *key, one.count, one.at.isoformat(), one.low, one.high)
        for key, one in seen.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, columns_of(rows))
