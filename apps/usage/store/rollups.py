"""Sums of the new events by minute, quarter, hour and day (UTC), kept as the events come.

A series is one combination of what calls are told apart by. A call counts in the series whose
lever is "", and once more in that of each lever that saved something on it, with that lever's part
of the saving. Rows are locked in one order, so that two batches of one organization only wait for
each other.
"""

from datetime import datetime

from django.db import connection

from apps.usage.store.batches import NEW_EVENTS
from apps.usage.store.measures import ALL_SUMS, BIN, BINS, SAVED, column_type

GRAINS = (MINUTE, QUARTER, HOUR, DAY) = (1, 15, 60, 1440)
EPOCH = "'1970-01-01T00:00:00Z'::timestamptz"
NOBODY = "00000000-0000-0000-0000-000000000000"
# Callers choose names, and an index does not take endless ones.
LONGEST_NAME = 120
_NEW_MINUTES = "usage_new_minute"


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
_ADDED = ", ".join(f"{name} = known.{name} + excluded.{name}" for name in ALL_SUMS)
_BINS_ADDED = ", ".join(f"known.latency_bins[{n}] + excluded.latency_bins[{n}]"
                        for n in range(1, BINS + 1))  # fmt: skip
_BINS_SUMMED = ", ".join(f"sum(latency_bins[{n}])" for n in range(1, BINS + 1))
_BINS_COUNTED = ", ".join(f"count(*) FILTER (WHERE bin = {n})" for n in range(1, BINS + 1))
_KEEP = f"""
    INSERT INTO usage_series (id, {_DIMENSIONS})
    SELECT DISTINCT ON (series_id) series_id, {_DIMENSIONS} FROM {_NEW_MINUTES} ORDER BY series_id
    ON CONFLICT DO NOTHING
"""  # noqa: S608  (constants, as below)
_LINES = f"""
    SELECT date_bin('1 minute', started_at, {EPOCH}) AS minute, event.*, lever, saved_usd,
        {BIN} AS bin
    FROM {NEW_EVENTS} AS event CROSS JOIN LATERAL (
        SELECT '' AS lever, {SAVED} AS saved_usd
        UNION ALL SELECT key, value::numeric(38,18) FROM jsonb_each_text(decomposition)
    ) AS part
"""  # noqa: S608
_PREPARE = f"""
    CREATE TEMP TABLE IF NOT EXISTS {_NEW_MINUTES} ON COMMIT DELETE ROWS AS
        SELECT usage_rollup.*, {_DIMENSIONS} FROM usage_rollup, usage_series WITH NO DATA;
    DELETE FROM {_NEW_MINUTES}
"""  # noqa: S608
_DIGEST = "encode(substring(sha256(convert_to(ROW({0})::text, 'UTF8')) FOR 16), 'hex')::uuid"


def _summed(sums: dict[str, str]) -> str:
    return ", ".join(f"sum({value})::{column_type(name)} AS {name}" for name, value in sums.items())


_FILL = f"""
    INSERT INTO {_NEW_MINUTES} (grain, bucket_at, {_DIMENSIONS}, series_id, {_SUMS}, latency_bins)
    SELECT {MINUTE}, minute, {_DIMENSIONS}, {_DIGEST.format(_DIMENSIONS)}, {_SUMS}, latency_bins
    FROM (
        SELECT minute, {", ".join(f"{value} AS {name}" for name, value in DIMENSIONS.items())},
            {_summed(dict(ALL_SUMS))}, ARRAY[{_BINS_COUNTED}]::int[] AS latency_bins
        FROM ({_LINES}) AS line GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) AS summed
"""  # noqa: S608
_ADD = f"""
    INSERT INTO usage_rollup AS known (grain, bucket_at, series_id, {_SUMS}, latency_bins)
    SELECT minutes, date_bin(make_interval(mins => minutes), bucket_at, {EPOCH}), series_id,
        {_summed({name: name for name in ALL_SUMS})}, ARRAY[{_BINS_SUMMED}]::int[]
    FROM {_NEW_MINUTES} CROSS JOIN unnest(ARRAY{list(GRAINS)}) AS minutes
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (grain, bucket_at, series_id)
    DO UPDATE SET {_ADDED}, latency_bins = ARRAY[{_BINS_ADDED}]
"""  # noqa: S608


def add_to_rollups() -> None:
    """Add the events in NEW_EVENTS to all grains. To be run in the transaction that found them."""
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE)
        for statement in (_FILL, _KEEP, _ADD):
            cursor.execute(statement)


def drop_minutes_before(at: datetime) -> int:
    """Forget rollups by minute of before `at`; the longer grains stay. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM usage_rollup WHERE grain = 1 AND bucket_at < %s", [at])
        return int(cursor.rowcount)
