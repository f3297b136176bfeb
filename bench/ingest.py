"""How fast spooled events reach Postgres, through the whole path, beside plain INSERTs.

The spool is written first and not counted: each gateway process does that itself. Counted is what
the shipper does, from the first byte read to the last commit and the last file deleted.
"""

import os
import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from threading import Event as Signal
from time import perf_counter, process_time

from django.db import connection, transaction

from apps.kernel.clock import utc_now
from apps.kernel.events import Attempt, Begin, Decision, Event, encode
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.organizations import create_organization
from apps.usage import store
from apps.usage.services.retention import keep_months
from apps.usage.shipping import Shipper
from apps.usage.spool import SpoolWriter
from bench._database import throwaway_database
from bench.rows import Row

TARGET_PER_S = 10_000
RSS_TARGET_MB = 300
PLAIN_BATCH = 1000
MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini", "claude-sonnet-4")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock and on the processors, ours and of our Postgres backend."""

    wall_s: float
    cpu_s: float

    @classmethod
    def of(cls, action: Callable[[], object]) -> "Cost":
        wall, cpu = perf_counter(), _cpu_s()
        action()
        return cls(perf_counter() - wall, _cpu_s() - cpu)


def run(quick: bool) -> list[Row]:
    """Ship for one organization, and for a hundred whose calls arrive mixed."""
    count = 20_000 if quick else 200_000
    with throwaway_database():
        rows = _compared(f"{count} events of 1 organization", count, 1)
        rows += _compared(f"{count} events of 100 organizations", count, 100)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*rows, _most("peak RSS", peak_mb, "MB", RSS_TARGET_MB)]


def _compared(what: str, count: int, organization_count: int) -> list[Row]:
    organizations = [
        create_organization(name=f"Organization {number}", owner=None, at=utc_now())
        for number in range(organization_count)
    ]
    for organization in organizations:  # as the hourly task does
        with tenant_scope(organization):
            keep_months(at=utc_now())
    shipped = _shipped(organizations, count)
    fewer = count // 10
    plain = Cost.of(lambda: _insert_plainly(organizations[0], fewer))
    return [
        _rate(what, count / shipped.wall_s, fewer / plain.wall_s),
        Row(
            figure=f"{what}: CPU per 10,000",
            value=shipped.cpu_s / count * 10_000,
            unit="s",
            baseline=plain.cpu_s / fewer * 10_000,
        ),
    ]


def _rate(what: str, per_s: float, baseline: float) -> Row:
    met = per_s >= TARGET_PER_S
    return Row(f"{what}, spool to commit", per_s, "events/s", baseline, TARGET_PER_S, met)


def _most(figure: str, value: float, unit: str, target: float) -> Row:
    return Row(figure, value, unit, None, target, value <= target)


def _shipped(organizations: Sequence[Organization], count: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder)
        writer = SpoolWriter(spool, "bench")
        for event in islice(_events(organizations), count):
            writer.begin(_begin_of(event))
            writer.end(event)
        writer.close()
        shipper = Shipper(spool, stop=Signal())
        cost = Cost.of(lambda: _ship_all(shipper))
        assert shipper.status.inserted == count
        assert list(spool.glob("*/*.seg")) == []
        return cost


def _ship_all(shipper: Shipper) -> None:
    while shipper.ship_once():
        pass


def _insert_plainly(organization: Organization, count: int) -> None:
    """What one writes first: a statement for each event, many in a transaction."""
    names = ("recorded_at", "batch_id", *store.COLUMNS)
    marks = ", ".join(["%s"] * len(names))
    insert = f"INSERT INTO usage_event ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    events = islice(_events([organization]), count)
    with tenant_scope(organization):
        while batch := list(islice(events, PLAIN_BATCH)):
            values = [
                [utc_now(), uuid7(), *store.read_row(encode(event)).values] for event in batch
            ]
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(insert, values)


def _events(organizations: Sequence[Organization]) -> Iterator[Event]:
    """Calls as they come: streamed chat with cached input, tags, an attempt and a decision.

    Of each organization they have 50 end users, 7 teams and 3 models.
    """
    buckets = TokenBuckets(input_uncached=1200, cache_read=800, output=350, reasoning=100)
    cost = Decimal("0.0123456")
    attempt = Attempt("openai", uuid7(), "gpt-4o", 200, "success", buckets, cost, 0.4, 900.1)
    pattern = Event(
        uuid7(), utc_now(), uuid7(), uuid7(), "chat.completions", "openai", "openai",
        api_key_id=uuid7(), end_user="user-42", tags={"team": "search", "env": "production"},
        credential_id=uuid7(), requested_model="gpt-4o", served_model="gpt-4o-2024-08-06",
        is_stream=True, status=200, is_priced=True, attempts=(attempt,), buckets=buckets,
        price_version=3, snapshot_version=7, admission_ms=0.4, first_byte_ms=310.2,
        upstream_ms=900.1, overhead_ms=0.7, total_ms=901.3, request_bytes=4200,
        response_bytes=1800, conversation_id="conversation-1", unit="conversation-1",
        experiment_id=uuid7(), period_id=uuid7(), arm="treatment", propensity=0.9,
        is_triggered=True, decisions=(Decision("route", "none", "not certified", uuid7()),),
        counterfactual_usd=Decimal("0.02"), actual_usd=cost,
        decomposition={"route": Decimal("0.0076544")}, features={"tokens": 2000},
    )  # fmt: skip
    number = 0
    while True:
        place, organization = divmod(number, len(organizations))
        yield replace(
            pattern, event_id=uuid7(), started_at=utc_now(),
            organization_id=organizations[organization].pk, end_user=f"user-{place % 50}",
            served_model=MODELS[place % len(MODELS)],
            tags={"team": f"team-{place % 7}", "env": "production"},
        )  # fmt: skip
        number += 1


def _begin_of(event: Event) -> Begin:
    return Begin(
        event.event_id,
        event.started_at,
        event.organization_id,
        event.project_id,
        event.endpoint,
        event.dialect,
        buckets=event.buckets,
    )


def _cpu_s() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(") ")[2].split()
    return process_time() + (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
