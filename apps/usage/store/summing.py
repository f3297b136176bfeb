"""Sums over rollups, by any of their dimensions and by buckets of any time zone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.db import connection

from apps.usage.store.rollups import DAY, HOUR, MINUTE, QUARTER

# Rollups of events keep an empty lever for the call itself, and one more for each that saved.
_CALL = ""
_STEPS = {DAY: timedelta(days=1), HOUR: timedelta(hours=1), QUARTER: timedelta(minutes=15)}
_FACETS = ("end_user", "tag")


class Wanted(Protocol):
    """What to sum; see apps.usage.querying.UsageQuery, which has checked it."""

    @property
    def since(self) -> datetime: ...
    @property
    def until(self) -> datetime: ...
    @property
    def dimensions(self) -> Sequence[str]: ...
    @property
    def filters(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def granularity(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def facet(self) -> str | None: ...
    def is_aligned(self, step: timedelta) -> bool:
        """Whether the window begins and ends at whole steps of UTC."""
        ...


def summed_rows(wanted: Wanted, sums: Sequence[Sequence[str]], most: int) -> list[Sequence[Any]]:
    """Rows of (bucket start or None, *dimensions, *sums), at most `most`, in that order.

    sums: the columns that each sum adds up.
    """
    names = [_column(wanted, name) for name in wanted.dimensions]
    added = [f"sum({' + '.join(columns)})::{_type(columns)}" for columns in sums]
    bucket, values = _bucket(wanted)
    source, conditions, given = _facet(wanted) if wanted.facet else _rollup(wanted)
    keys = ", ".join(str(number + 1) for number in range(len(names) + 1))
    for name, any_of in wanted.filters.items():
        conditions += f" AND {_column(wanted, name)}::text = ANY(%s)"
        given.append(list(any_of))
    statement = f"""
        SELECT {", ".join([bucket, *names, *added])} FROM {source}
        WHERE bucket_at >= %s AND bucket_at < %s AND {conditions}
        GROUP BY {keys} ORDER BY {keys} LIMIT {most}
    """  # noqa: S608  (columns of ours; values are parameters)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, wanted.since, wanted.until, *given])
        return list(cursor.fetchall())


def _bucket(wanted: Wanted) -> tuple[str, list[Any]]:
    if wanted.granularity == "total":
        return "NULL::timestamptz", []
    return "date_trunc(%s, bucket_at, %s)", [wanted.granularity, str(wanted.zone)]


def _rollup(wanted: Wanted) -> tuple[str, str, list[Any]]:
    by_lever = "lever" in wanted.dimensions or "lever" in wanted.filters
    source = "usage_rollup JOIN usage_series ON usage_series.id = series_id"
    return source, f"grain = %s AND lever {'<>' if by_lever else '='} %s", [_grain(wanted), _CALL]


def _facet(wanted: Wanted) -> tuple[str, str, list[Any]]:
    return "usage_facet", "facet = %s AND name = %s", [wanted.facet, wanted.tag or ""]


def _grain(wanted: Wanted) -> int:
    """The coarsest grain whose buckets neither the window nor a bucket of the answer cuts."""
    if wanted.granularity == "minute":
        return MINUTE
    finest = _needed(wanted)
    fitting = (grain for grain in (DAY, HOUR, QUARTER) if grain <= finest)
    return next((grain for grain in fitting if wanted.is_aligned(_STEPS[grain])), MINUTE)


def _needed(wanted: Wanted) -> int:
    if wanted.granularity == "total" or (
        wanted.granularity != "hour" and str(wanted.zone) == "UTC"
    ):
        return DAY
    hour = timedelta(hours=1)
    offsets = (each.utcoffset() or timedelta(0) for each in _sampled(wanted))
    return HOUR if all(offset % hour == timedelta(0) for offset in offsets) else QUARTER


def _sampled(wanted: Wanted) -> list[datetime]:
    days = (wanted.until - wanted.since) // timedelta(days=1) + 1
    times = [wanted.since + timedelta(days=day) for day in range(days)]
    return [each.astimezone(wanted.zone) for each in (*times, wanted.until)]


def _column(wanted: Wanted, name: str) -> str:
    return "value" if wanted.facet and name in _FACETS else name


def _type(columns: Sequence[str]) -> str:
    return "numeric" if columns[0].endswith("_usd") else "bigint"
