"""Calls of 30 days as an organization at work has them, stored as the shipper stores them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any

from apps.kernel.clock import utc_now
from apps.kernel.events import Decision, Event
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.models import Organization, Project
from apps.usage.services.ingestion import ingest_events

DAYS, BATCH = 30, 2_000
MODELS, END_USERS = 10, 1_000
TEAMS = ("search", "support", "checkout", "ops")
_HELD_OUT, _HIT, _ROUTED, _JUDGED, _FAILED = 0.1, 0.2, 0.3, 0.02, 0.01


def make_traffic(organization: Organization, projects: Sequence[Project], count: int) -> None:
    """`count` calls, evenly over the days before now; the same ones each time."""
    now = utc_now()
    events = _events(organization, projects, count, now)
    while batch := list(islice(events, BATCH)):
        ingest_events(organization=organization, events=batch, at=now)


def _events(
    organization: Organization, projects: Sequence[Project], count: int, now: datetime
) -> Iterator[Event]:
    random, keys = Random(7), list(organization.api_keys.filter(project__in=projects))  # noqa: S311
    for number in range(count):
        at = now - timedelta(days=DAYS) * (1 - number / count)
        # Few projects make most calls.
        key = keys[min(int(random.expovariate(0.3)), len(keys) - 1)]
        known: dict[str, Any] = {"organization_id": organization.pk, "api_key_id": key.pk,
                 "project_id": key.project_id, "event_id": uuid7(), "started_at": at}  # fmt: skip
        yield Event(**(known | _call(random)))


def _call(random: Random) -> dict[str, Any]:
    model = f"model-{random.randrange(MODELS)}"
    tokens = random.randrange(200, 4000)
    usd = Decimal(tokens) * Decimal("0.0000025")
    known = {
        "endpoint": "chat.completions", "dialect": "openai", "provider": "openai", "status": 200,
        "requested_model": model, "served_model": model,
        "end_user": f"user-{random.randrange(END_USERS)}",
        "tags": {"team": random.choice(TEAMS)}, "buckets": TokenBuckets(tokens, output=tokens // 5),
        "total_ms": random.lognormvariate(6.5, 0.6), "first_byte_ms": 80.0, "overhead_ms": 0.6,
        "outcome": "error" if random.random() < _FAILED else "success",
        "actual_usd": usd, "counterfactual_usd": usd,
    }  # fmt: skip
    return known | _levered(random, usd)


def _levered(random: Random, usd: Decimal) -> dict[str, Any]:
    """What became of it: held out, answered again, routed, compared, or nothing."""
    place = random.random()
    if place < _HELD_OUT:
        return {"arm": "holdout"}
    if place < _HIT:
        return _saved("exact_cache", usd, Decimal(0)) | {"buckets": TokenBuckets(), "total_ms": 2.0}
    if place < _ROUTED:
        return _saved("routing", usd, usd / 5)
    if place < _ROUTED + _JUDGED:
        return _saved("routing", Decimal(0), usd) | {"kind": "judge", "arm": None}
    return {"arm": "treatment"}


def _saved(lever: str, untouched: Decimal, actual: Decimal) -> dict[str, Any]:
    return {
        "arm": "treatment",
        "decisions": (Decision(lever, "act", "hit"),),
        "counterfactual_usd": untouched,
        "actual_usd": actual,
        "decomposition": {lever: untouched - actual},
    }
