"""Sums of the new events by day (UTC) for each end user and each tag."""

from django.db import connection

from apps.usage.store.batches import NEW_EVENTS
from apps.usage.store.measures import SAVED, SUMS, column_type
from apps.usage.store.rollups import EPOCH

END_USER, TAG = "end_user", "tag"
LONGEST_VALUE, LONGEST_TAG = 200, 60
_KEY = "facet, name, bucket_at, project_id, kind, value"
_ADD = f"""
    INSERT INTO usage_facet AS known ({_KEY}, {", ".join(SUMS)})
    SELECT {_KEY}, {", ".join(f"sum({value})::{column_type(of)}" for of, value in SUMS.items())}
    FROM (
        SELECT date_bin('1 day', started_at, {EPOCH}) AS bucket_at, event.*, facet, name, value,
            {SAVED} AS saved_usd
        FROM {NEW_EVENTS} AS event CROSS JOIN LATERAL (
            SELECT '{END_USER}' AS facet, '' AS name, left(end_user, {LONGEST_VALUE}) AS value
            WHERE end_user IS NOT NULL
            UNION ALL
            SELECT '{TAG}', left(key, {LONGEST_TAG}), left(coalesce(value, ''), {LONGEST_VALUE})
            FROM jsonb_each_text(tags)
        ) AS part
    ) AS line
    GROUP BY {_KEY} ORDER BY {_KEY}
    ON CONFLICT ({_KEY})
    DO UPDATE SET {", ".join(f"{name} = known.{name} + excluded.{name}" for name in SUMS)}
"""  # noqa: S608  (constants)


def add_to_facets() -> None:
    """Add the events in NEW_EVENTS. To be run in the transaction that found them."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD)
