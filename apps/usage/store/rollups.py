"""Sums of the new events by minute, quarter, hour and day (UTC), kept as the events come.

A series is one combination of what calls are told apart by. A call counts in the series whose
lever is "", and once more in that of each lever that saved something on it, with that lever's part
of the saving. Rows are locked in one order, so that two batches of one organization only wait for
each other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from apps.usage.store.adding import columns_of, summed, texts
from apps.usage.store.counting import LONGEST_NAME, NOBODY, Counted, Series, Sums
from apps.usage.store.measures import ALL_SUMS, BINS, column_type

GRAINS = (MINUTE, QUARTER, HOUR, DAY) = (1, 15, 60, 1440)
EPOCH = "'1970-01-01T00:00:00Z'::timestamptz"


def _name(column: str) -> str:
    return f"left(coalesce({column}, ''), {LONGEST_NAME})"


# What a series is told apart by, and how it follows from an event.
DIMENSIONS = {
    "project_id": "project_id",
    "api_key_id": f"coalesce(api_key_id, '{NOBODY}')",
    "provider": _name("provider"),
    "requested_model": _name("requested_model"),
    "served_model": _name("served_model"),
    "kind": _name("kind"),
    "arm": _name("arm"),
    "lever": _name("lever"),
}
_DIMENSIONS = ", ".join(DIMENSIONS)
_SUMS = ", ".join(ALL_SUMS)
_DIGEST = "encode(substring(sha256(convert_to(ROW({0})::text, 'UTF8')) FOR 16), 'hex')::uuid"
_ADDED = ", ".join(f"{name} = known.{name} + excluded.{name}" for name in ALL_SUMS)
_ARRAYS = ", ".join(f"%s::{column_type(name)}[]" for name in ALL_SUMS)
# Series are named by what they are of, so that whoever writes one first does not matter.
_ADD = f"""
    WITH series AS (
        SELECT place, {_DIGEST.format(_DIMENSIONS)} AS id, {_DIMENSIONS}
        FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::text[]) WITH ORDINALITY AS given({_DIMENSIONS}, place)
    ), kept AS (
        INSERT INTO usage_series (id, {_DIMENSIONS}) SELECT id, {_DIMENSIONS} FROM series
        ORDER BY id ON CONFLICT DO NOTHING
    )
    INSERT INTO usage_rollup AS known (grain, bucket_at, series_id, {_SUMS}, latency_bins)
    SELECT grain, bucket_at, id, {_SUMS}, bins::int[]
    FROM unnest(%s::smallint[], %s::timestamptz[], %s::int[], {_ARRAYS}, %s::text[])
        AS given(grain, bucket_at, place, {_SUMS}, bins) JOIN series USING (place)
    ORDER BY 1, 2, 3
    ON CONFLICT (grain, bucket_at, series_id) DO UPDATE SET {_ADDED}, latency_bins = ARRAY(
        SELECT before + more FROM unnest(known.latency_bins, excluded.latency_bins)
            AS bin(before, more))
"""  # noqa: S608  (constants)

_Bucket = tuple[int, datetime, Series]


@dataclass(slots=True)
class _Rollups:
    """What is to be added to each bucket of each series."""

    lines: defaultdict[_Bucket, list[Sums]] = field(default_factory=lambda: defaultdict(list))
    bins: defaultdict[_Bucket, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def count(self, event: Counted) -> None:
        minute = event.started_at.replace(second=0, microsecond=0)
        for series, sums in event.lines():
            bucket = MINUTE, minute, series
            self.lines[bucket].append(sums)
            if event.bin:
                self.bins[bucket][event.bin] += 1

    def longer(self, sums: Mapping[_Bucket, Sums]) -> "_Rollups":
        """The longer grains, of the sums of the minutes."""
        rollups = _Rollups()
        for minute in sums:
            for bucket in _longer(minute):
                rollups.lines[bucket].append(sums[minute])
                rollups.bins[bucket].update(self.bins[minute])
        return rollups


def add_to_rollups(events: Iterable[Counted]) -> None:
    """Add new events to all grains. To be run in the transaction that stored them."""
    minutes = _Rollups()
    for event in events:
        minutes.count(event)
    sums = summed(minutes.lines)
    longer = minutes.longer(sums)
    _add(sums | summed(longer.lines), minutes.bins | longer.bins)


def _longer(minute: _Bucket) -> Iterator[_Bucket]:
    _, at, series = minute
    yield QUARTER, at.replace(minute=at.minute // QUARTER * QUARTER), series
    yield HOUR, at.replace(minute=0), series
    yield DAY, at.replace(minute=0, hour=0), series


def _add(sums: Mapping[_Bucket, Sums], bins: Mapping[_Bucket, Counter[int]]) -> None:
    places = {series: place for place, series in enumerate({key[2] for key in sums}, 1)}
    rows = [
        (grain, at.isoformat(), places[series], *of) for (grain, at, series), of in sums.items()
    ]
    arrays = [*map(texts, zip(*places, strict=True)), *columns_of(rows)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [*arrays, texts(_dense(bins.get(key, {})) for key in sums)])


def _dense(bins: Mapping[int, int]) -> str:
    counts: Sequence[int] = [bins.get(number, 0) for number in range(1, BINS + 1)]
    return f"{{{','.join(map(str, counts))}}}"


def drop_minutes_before(at: datetime) -> int:
    """Forget rollups by minute of before `at`; the longer grains stay. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM usage_rollup WHERE grain = 1 AND bucket_at < %s", [at])
        return int(cursor.rowcount)
