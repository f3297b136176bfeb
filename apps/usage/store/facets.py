"""Sums of the new events by day (UTC) for each end user and each tag."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from apps.usage.store.adding import columns_of, summed, texts
from apps.usage.store.counting import Counted, Sums
from apps.usage.store.measures import SUMS, column_type

END_USER, TAG = "end_user", "tag"
LONGEST_VALUE, LONGEST_TAG = 200, 60
_KEY = "facet, name, bucket_at, project_id, kind, value"
_ARRAYS = ", ".join(f"%s::{column_type(name)}[]" for name in SUMS)
_ADD = f"""
    INSERT INTO usage_facet AS known ({_KEY}, {", ".join(SUMS)})
    SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::uuid[], %s::text[],
        %s::text[], {_ARRAYS}) AS given({_KEY}, {", ".join(SUMS)})
    ORDER BY {_KEY}
    ON CONFLICT ({_KEY})
    DO UPDATE SET {", ".join(f"{name} = known.{name} + excluded.{name}" for name in SUMS)}
"""  # noqa: S608  (constants)


def add_to_facets(events: Iterable[Counted]) -> None:
    """Add new events. To be run in the transaction that stored them."""
    lines: defaultdict[tuple[str, ...], list[Sums]] = defaultdict(list)
    for event in events:
        project_id, kind, day = event.series[0], event.series[5], _day(event.started_at)
        for facet, name, value in _facets(event):
            lines[facet, name, day, project_id, kind, value].append(event.sums[: len(SUMS)])
    if lines:
        _add(summed(lines))


def _add(sums: dict[tuple[str, ...], Sums]) -> None:
    keys = map(texts, zip(*sums, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [*keys, *columns_of(sums.values())])


def _facets(event: Counted) -> Iterator[tuple[str, str, str]]:
    if event.end_user is not None:
        yield END_USER, "", event.end_user[:LONGEST_VALUE]
    for name, value in event.tags.items():
        yield TAG, name[:LONGEST_TAG], _text(value)[:LONGEST_VALUE]


def _text(value: Any) -> str:
    """As Postgres turns a value of JSON into text; tags are texts, unless a client is strange."""
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT00:00:00Z")
