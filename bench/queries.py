"""How long a dashboard waits: questions answered from rollups, beside the same sums from events.

A run has NETRA_BENCH_EVENTS events (200,000 unless set; 20,000 with --quick) in 200 series.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.organizations import create_organization
from apps.usage.querying import UsageQuery, usage
from apps.usage.store import SearchTooWide
from bench._database import throwaway_database
from bench._filling import SINCE, UNTIL, fill
from bench.rows import Row

TARGET_MS = 200.0
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
            fill(count)
        return [_asked(organization, count, *question) for question in QUESTIONS.items()]


def _asked(organization: Organization, count: int, name: str, fields: dict[str, Any]) -> Row:
    base: dict[str, Any] = {"measures": _SUMS, "since": SINCE, "until": UNTIL}
    query = base | fields
    with tenant_scope(organization):
        single = None
        rolled = _p95_ms(lambda: usage(UsageQuery(**query), at=UNTIL), 20)
        from_events = query | {"filters": {"dialect": ["openai"]}}
        with suppress(SearchTooWide):  # past what one question may read of the events
            single = _p95_ms(lambda: usage(UsageQuery(**from_events), at=UNTIL), 3)
    return Row(f"{name}, {count} events", rolled, "ms", single, TARGET_MS, rolled <= TARGET_MS)


def _p95_ms(action: Callable[[], object], times: int) -> float:
    taken = sorted(_ms(action) for _ in range(times))
    return taken[int(0.95 * (times - 1))]


def _ms(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return (perf_counter() - started) * 1000
