"""Sums of the new events by day and week (UTC) for each end user and each tag."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import orjson
from django.db import connection

from apps.usage.store.adding import columns_of, summed, texts
from apps.usage.store.counting import Counted, Sums
from apps.usage.store.measures import SUMS, column_type
from apps.usage.store.rollups import DAY

END_USER, TAG = "end_user", "tag"
LONGEST_VALUE, LONGEST_TAG = 200, 60
# Minutes. Weeks are counted from 1970 on, and so begin on Thursdays.
WEEK = 10080
FACET_GRAINS = (DAY, WEEK)
_FIRST_WEEK = date(1970, 1, 1)
_KEY = "grain, facet, name, value, bucket_at, project_id, kind"
_ARRAYS = ", ".join(f"%s::{column_type(name)}[]" for name in SUMS)
_ADD = f"""
    INSERT INTO usage_facet AS known ({_KEY}, {", ".join(SUMS)})
    SELECT * FROM unnest(%s::smallint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
        %s::uuid[], %s::text[], {_ARRAYS}) AS given({_KEY}, {", ".join(SUMS)})
    ORDER BY {_KEY}
    ON CONFLICT ({_KEY})
    DO UPDATE SET {", ".join(f"{name} = known.{name} + excluded.{name}" for name in SUMS)}
"""  # noqa: S608  (constants)


_Facet = tuple[str, str, str]
_Place = tuple[date, str, str]
_Bucket = tuple[int, _Facet, _Place]


def add_to_facets(events: Iterable[Counted]) -> None:
    """Add new events. To be run in the transaction that stored them."""
    lines: defaultdict[_Bucket, list[Sums]] = defaultdict(list)
    for event in events:
        place = event.started_at.date(), event.series[0], event.series[5]
        for facet in _facets(event):
            lines[DAY, facet, place].append(event.sums)
    if lines:
        days = summed(lines, len(SUMS))
        _add(days | summed(_weeks(days)))


def _weeks(days: Mapping[_Bucket, Sums]) -> Mapping[_Bucket, list[Sums]]:
    weeks: defaultdict[_Bucket, list[Sums]] = defaultdict(list)
    for (_, facet, (day, project_id, kind)), sums in days.items():
        first = day - (day - _FIRST_WEEK) % timedelta(days=7)
        weeks[WEEK, facet, (first, project_id, kind)].append(sums)
    return weeks


def _add(sums: Mapping[_Bucket, Sums]) -> None:
    keys = [
        (str(grain), *facet, f"{first}T00:00:00Z", *place) for grain, facet, (first, *place) in sums
    ]
    arrays = map(texts, zip(*keys, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [*arrays, *columns_of(sums.values())])


def _facets(event: Counted) -> list[_Facet]:
    found = [(TAG, name[:LONGEST_TAG], _text(value)) for name, value in event.tags.items()]
    if event.end_user is not None:
        found.append((END_USER, "", event.end_user[:LONGEST_VALUE]))
    return found


def _text(value: Any) -> str:
    """As Postgres turns a value of JSON into text; tags are texts, unless a client is strange."""
    if isinstance(value, str):
        return value[:LONGEST_VALUE]
    return "" if value is None else orjson.dumps(value).decode()[:LONGEST_VALUE]
