"""Events of 30 days and their rollups, made by SQL: ten million take minutes, not hours.

4 projects, 5 keys, 10 models, 1,000 end users, one call each so many seconds. Rollups by minute are
made for as long as they are kept.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.usage import store
from apps.usage.services.retention import minute_retention
from apps.usage.store.facets import FACET_GRAINS
from apps.usage.store.measures import ALL_SUMS, BIN, BINS, SUMS, column_type
from apps.usage.store.rollups import DIMENSIONS

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=30)
PART = timedelta(days=1)
# Columns that are not named here have no part in any sum.
_EVENTS = """
    INSERT INTO usage_event (event_id, started_at, recorded_at, batch_id, kind, project_id,
        api_key_id, end_user, tags, endpoint, dialect, provider, requested_model, served_model,
        is_stream, status, outcome, is_estimated, is_priced, attempts, input_uncached, cache_read,
        cache_write_5m, cache_write_1h, output, reasoning, input_audio, output_audio, input_image,
        output_image, units, total_ms, first_byte_ms, overhead_ms, request_bytes, response_bytes,
        client_retry_count, is_triggered, decisions, counterfactual_usd, actual_usd, decomposition,
        features, schema_version)
    SELECT gen_random_uuid(), %(since)s + n * %(step)s, now(), gen_random_uuid(), 'live',
        ('00000000-0000-0000-0000-00000000000' || n %% 4)::uuid,
        ('00000000-0000-0000-0000-00000000000' || (n / 7) %% 5)::uuid,
        'user-' || hashint8(n) %% 1000, '{"team": "search"}', 'chat.completions', 'openai',
        'openai', 'model-' || (n / 3) %% 10, 'model-' || (n / 3) %% 10, true, 200, 'success', false,
        true, '[]', 1200, 800, 0, 0, 350, 0, 0, 0, 0, 0, '{}', 100 + hashint8(n) %% 900, 50, 0.5,
        4200, 1800, 0, false, '[]', 0.02, 0.0123456, '{}', '{}', 1
    FROM generate_series(0::bigint, %(calls)s - 1) AS n
"""
_SERIES = f"md5(ROW({', '.join(DIMENSIONS)})::text)::uuid"
_LINES = f"""
    FROM (
        SELECT event.*, '' AS lever, counterfactual_usd - actual_usd AS saved_usd, {BIN} AS bin
        FROM usage_event AS event
        WHERE started_at >= %(since)s AND started_at < %(since)s + %(span)s
    ) AS line
"""  # noqa: S608  (constants, as below)


def _summed(sums: dict[str, str]) -> str:
    return ", ".join(f"sum({value})::{column_type(name)}" for name, value in sums.items())


_BINS = ", ".join(f"count(*) FILTER (WHERE bin = {number})" for number in range(1, BINS + 1))
_ROLLUPS = f"""
    WITH line AS MATERIALIZED (
        SELECT started_at, {", ".join(f"{value} AS {name}" for name, value in DIMENSIONS.items())},
            bin, {", ".join(f"{value} AS {name}" for name, value in ALL_SUMS.items())} {_LINES}
    ), kept AS (
        INSERT INTO usage_series SELECT DISTINCT {_SERIES}, {", ".join(DIMENSIONS)} FROM line
        ON CONFLICT DO NOTHING
    )
    INSERT INTO usage_rollup (grain, bucket_at, series_id, {", ".join(ALL_SUMS)}, latency_bins)
    SELECT minutes, date_bin(make_interval(mins => minutes), started_at, 'epoch'), {_SERIES},
        {_summed({name: name for name in ALL_SUMS})}, ARRAY[{_BINS}]::int[]
    FROM line CROSS JOIN unnest(%(grains)s::int[]) AS minutes GROUP BY 1, 2, 3
"""  # noqa: S608
_FACET_KEY = "bucket_at, facet, name, project_id, kind, value"
_FACETS = f"""
    INSERT INTO usage_facet AS known (grain, {_FACET_KEY}, {", ".join(SUMS)})
    SELECT minutes, date_bin(make_interval(mins => minutes), %(since)s, 'epoch'), facet, name,
        project_id, kind, value, {_summed(dict(SUMS))} {_LINES}
    CROSS JOIN LATERAL (
        VALUES ('end_user', '', end_user), ('tag', 'team', tags ->> 'team')
    ) AS part(facet, name, value) CROSS JOIN unnest(%(facet_grains)s::int[]) AS minutes
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (grain, {_FACET_KEY})
    DO UPDATE SET {", ".join(f"{name} = known.{name} + excluded.{name}" for name in SUMS)}
"""  # noqa: S608


def fill(count: int) -> None:
    """Make about `count` events of the 30 days before UNTIL, day by day, and all that follows."""
    with transaction.atomic():
        store.ensure_months({store.month_of(SINCE), store.month_of(UNTIL)})
    for day in range((UNTIL - SINCE) // PART):
        _fill_day(SINCE + day * PART, (UNTIL - SINCE) / count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE usage_event, usage_rollup, usage_series, usage_facet")


def _fill_day(since: datetime, step: timedelta) -> None:
    has_minutes = since >= UNTIL - minute_retention()
    grains = [grain for grain in store.GRAINS if has_minutes or grain > 1]
    calls: dict[str, Any] = {"calls": PART // step, "step": step}
    given = {"since": since, "span": PART, "grains": grains, **calls}
    given["facet_grains"] = list(FACET_GRAINS)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_EVENTS, _ROLLUPS, _FACETS):
            cursor.execute(statement, given)
