"""How long a dashboard waits: questions answered from rollups, beside the same sums from events.

Events and rollups of 30 days are made by SQL in one organization: 4 projects, 5 keys, 10 models,
1,000 end users. A run has NETRA_BENCH_EVENTS events (200,000 unless set; 20,000 with --quick); 10^7
takes 20 GB and half an hour to make.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.organizations import create_organization
from apps.usage import store
from apps.usage.querying import UsageQuery, usage
from bench._database import throwaway_database
from bench.rows import Row

TARGET_MS = 200.0
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=30)
PART = 200_000
# One call each so many seconds; columns that are not named here have no part in any sum.
_MAKE = """
    INSERT INTO usage_new_event (event_id, started_at, recorded_at, batch_id, kind, project_id,
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
    FROM generate_series(%(first)s::bigint, %(last)s::bigint - 1) AS n
"""
_KEEP = "INSERT INTO usage_event SELECT * FROM usage_new_event"
_SUMS = ["calls", "output_tokens", "actual_usd", "saved_usd"]
QUESTIONS: dict[str, dict[str, Any]] = {
    "month by model": {"dimensions": ["served_model"]},
    "days of New York by model": {
        "dimensions": ["served_model"], "granularity": "day",
        "zone": ZoneInfo("America/New_York"),
    },
    "hours of a week by project": {
        "dimensions": ["project_id"], "granularity": "hour", "since": UNTIL - timedelta(days=7),
    },
    "days with p95 latency": {"granularity": "day", "measures": ["calls", "latency_p95_ms"]},
    "month by end user": {"dimensions": ["end_user"]},
    "month and the one before by key": {"dimensions": ["api_key_id"], "compare": "previous"},
}  # fmt: skip


def run(quick: bool) -> list[Row]:
    """Milliseconds at the 95th percentile of each question; the baseline reads the events."""
    count = 20_000 if quick else int(os.environ.get("NETRA_BENCH_EVENTS", "200000"))
    with throwaway_database():
        organization = create_organization(name="Bench", owner=None, at=utc_now())
        with tenant_scope(organization):
            _make(count)
        return [_asked(organization, count, *question) for question in QUESTIONS.items()]


def _make(count: int) -> None:
    for first in range(0, count, PART):
        with transaction.atomic(), connection.cursor() as cursor:
            store.write_batch([], batch_id=uuid7(), at=UNTIL)
            store.ensure_months({store.month_of(SINCE), store.month_of(UNTIL)})
            bounds: dict[str, Any] = {"first": first, "last": min(first + PART, count)}
            step = (UNTIL - SINCE) / count
            given: dict[str, Any] = {**bounds, "since": SINCE, "step": step}
            cursor.execute(_MAKE, given)
            cursor.execute(_KEEP)
            store.add_to_rollups()
            store.add_to_facets()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE usage_event, usage_rollup, usage_series, usage_facet")


def _asked(organization: Organization, count: int, name: str, fields: dict[str, Any]) -> Row:
    base: dict[str, Any] = {"measures": _SUMS, "since": SINCE, "until": UNTIL}
    query = base | fields
    with tenant_scope(organization):
        rolled = _p95_ms(lambda: usage(UsageQuery(**query), at=UNTIL), 20)
        from_events = query | {"filters": {"dialect": ["openai"]}}
        single = _p95_ms(lambda: usage(UsageQuery(**from_events), at=UNTIL), 3)
    return Row(f"{name}, {count} events", rolled, "ms", single, TARGET_MS, rolled <= TARGET_MS)


def _p95_ms(action: Callable[[], object], times: int) -> float:
    taken = sorted(_ms(action) for _ in range(times))
    return taken[int(0.95 * (times - 1))]


def _ms(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return (perf_counter() - started) * 1000
