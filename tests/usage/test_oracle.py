"""A run with faults, held against an oracle that knows nothing of the tables.

Some calls arrive twice, late, in another order or in a batch that dies halfway; the oracle adds up
each id once, in plain Python. Everything else must say the same to the last of 18 places.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import islice
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import OperationalError

from apps.kernel.events import KINDS, OUTCOMES, Event, Kind
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.ledger.selectors import day_total_figures, trial_balance, used
from apps.usage.services import ingestion
from apps.usage.services.checking import check_usage
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
BATCH = 2000
PLACES = [(store, "add_to_rollups"), (store, "add_to_facets"), (ingestion, "post_new_events")]
DUPLICATE, LATE, REORDERED, CRASHED = 0.2, 0.1, 0.05, 0.01


# Imported logs are no calls of the gateway, and have neither rollups nor books.
SHIPPED: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "import")


def calls(organization: Organization, count: int, random: Random) -> Iterator[Event]:
    for number in range(count):
        cost = Decimal(random.randrange(10**17)).scaleb(-18)
        saved = (
            Decimal(random.randrange(10**16)).scaleb(-18) if random.random() < 0.3 else Decimal(0)
        )
        yield Event(
            UUID(int=random.getrandbits(128)),
            NOW - timedelta(days=5) + timedelta(seconds=5 * 86400 * number / count),
            organization.pk,
            UUID(int=random.randrange(4)),
            "chat.completions",
            "openai",
            random.choice(["openai", "anthropic"]),
            random.choice(OUTCOMES),
            random.choice(SHIPPED),
            end_user=f"user-{random.randrange(50)}",
            tags={"team": f"team-{random.randrange(5)}"},
            served_model=f"model-{random.randrange(8)}",
            buckets=TokenBuckets(random.randrange(5000), random.randrange(5000), output=7),
            total_ms=random.expovariate(1 / 800),
            actual_usd=cost if random.random() < 0.97 else None,
            counterfactual_usd=cost + saved,
            decomposition={"route": saved} if saved else {},
        )


def disturbed(events: Sequence[Event], random: Random) -> list[Event]:
    """The same calls as they might arrive."""
    arriving = [(float(place), event) for place, event in enumerate(events)]
    for place, event in enumerate(events):
        if random.random() < DUPLICATE:
            arriving.append((place + random.random() * 2 * BATCH, event))
    for index, (moment, event) in enumerate(arriving):
        if random.random() < LATE:
            arriving[index] = (moment + random.random() * len(events), event)
        elif random.random() < REORDERED:
            arriving[index] = (moment + random.random() * 100 - 50, event)
    return [event for _, event in sorted(arriving, key=lambda each: each[0])]


class Oracle:
    """Sums by (project, unit) and month over distinct ids, without rounding."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.figures: dict[int, store.Figures] = defaultdict(dict)
        with localcontext(prec=80):
            for event in {event.event_id: event for event in events}.values():
                self._count(event)

    def _count(self, event: Event) -> None:
        cost, untouched = event.actual_usd, event.counterfactual_usd
        saved = untouched - cost if cost is not None and untouched is not None else 0
        amounts: dict[str, Any] = {"calls": 1, "usd": cost or 0, "saved_usd": saved}
        amounts["tokens"] = event.buckets.total
        figures = self.figures[event.started_at.month]
        for unit, amount in amounts.items():
            key = (event.project_id, unit)
            figures[key] = figures.get(key, Decimal(0)) + amount


def ingest_with_crashes(organization: Organization, events: list[Event], random: Random) -> int:
    """Ingest in batches; some die at a random place and come again. Returns how many died."""
    died, arriving = 0, iter(events)
    while batch := list(islice(arriving, random.randrange(1, BATCH))):
        if not died or random.random() < CRASHED:
            die_within(organization, batch, random.choice(PLACES))
            died += 1
        ingest_events(organization=organization, events=batch, at=NOW)
    return died


def die_within(organization: Organization, batch: list[Event], place: tuple[Any, str]) -> None:
    """The connection goes after some statements of the batch: nothing of it may stay."""
    died = OperationalError("the server closed the connection")
    with patch.object(*place, side_effect=died), pytest.raises(OperationalError):
        ingest_events(organization=organization, events=batch, at=NOW)


def hold_against_oracle(count: int) -> None:
    random = Random(20260402)  # noqa: S311  (reproducible)
    acme, other = make_organization("Acme"), make_organization("Other")
    events = list(calls(acme, count, random))
    theirs = [replace(event, organization_id=other.pk) for event in events[:100]]
    ingest_events(organization=other, events=theirs, at=NOW)
    arriving = disturbed(events, random)
    assert len(arriving) > 1.15 * count
    assert ingest_with_crashes(acme, arriving, random) > 0
    for month, figures in Oracle(arriving).figures.items():
        compare(acme, month, figures)
    with tenant_scope(acme):
        assert check_usage(organization=acme, months=2, at=NOW) == []


def compare(acme: Organization, month: int, figures: store.Figures) -> None:
    since, until = SINCE.replace(month=month), SINCE.replace(month=month + 1)
    with tenant_scope(acme):
        assert store.event_figures(since, until) == figures
        for grain in store.GRAINS:
            assert store.rollup_figures(grain, since, until) == figures
    assert used(acme.pk, since.date()) == figures
    assert set(trial_balance(acme.pk, since.date()).values()) == {Decimal(0)}
    with localcontext(prec=80):
        for unit in store.UNITS:
            whole = sum(amount for (_, of), amount in figures.items() if of == unit)
            assert day_total_figures(acme.pk, since, until)[None, unit] == whole


def test_faults_change_no_figure() -> None:
    hold_against_oracle(20_000)


@pytest.mark.long
def test_faults_change_no_figure_of_a_million_calls() -> None:
    hold_against_oracle(1_000_000)
