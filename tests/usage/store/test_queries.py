from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.kernel.events import OUTCOMES, Event
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import Answer, InvalidQuery, Query, usage
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.usage.calls import AT, PROJECT, make_event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 1, tzinfo=UTC)
MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
# Clocks change in March 2026 in the second and third, in April in the last; offsets of 5:45, 10:30.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
EVERYTHING = {"dialect": ["openai"]}  # only events know it, so that they have to answer


def some_calls(organization: Organization) -> Iterator[Event]:
    random = Random(5)  # noqa: S311  (reproducible)
    for _ in range(700):
        cost = Decimal(random.randrange(10**20)).scaleb(-18)
        yield make_event(
            organization,
            started_at=MARCH
            - timedelta(days=10)
            + timedelta(minutes=random.randrange(60 * 24 * 60)),
            outcome=random.choice(OUTCOMES),
            served_model=random.choice(["a", "b"]),
            end_user=random.choice(["ada", "bob", None]),
            tags={"team": random.choice(["x", "y"])},
            buckets=TokenBuckets(random.randrange(100), output=random.randrange(100)),
            total_ms=random.expovariate(1 / 500),
            actual_usd=cost,
            counterfactual_usd=cost * 2,
            decomposition={random.choice(["route", "cache"]): cost},
        )


@pytest.fixture
def world() -> tuple[Organization, list[Event]]:
    acme, other = make_organization("Acme"), make_organization("Other")
    calls = list(some_calls(acme))
    ingest_events(organization=acme, events=calls, at=NOW)
    ingest_events(organization=other, events=[make_event(other, served_model="canary")], at=NOW)
    return acme, calls


def ask(organization: Organization, **fields: Any) -> Answer:
    known: dict[str, Any] = {"measures": ["actual_usd"], "since": MARCH, "until": APRIL}
    with tenant_scope(organization):
        return usage(Query(**(known | fields)), at=NOW)


def figures(answer: Answer) -> list[tuple[Any, ...]]:
    return [
        (row.bucket_at, *row.dimensions.values(), *row.measures.values()) for row in answer.rows
    ]


@pytest.mark.parametrize("name", ZONES)
def test_days_of_a_zone_sum_to_its_month_across_clock_changes(
    world: tuple[Organization, list[Event]], name: str
) -> None:
    acme, calls = world
    zone = ZoneInfo(name)
    since, until = datetime(2026, 3, 1, tzinfo=zone), datetime(2026, 5, 1, tzinfo=zone)
    by_day: Any = Counter()
    with localcontext(prec=60):
        for call in calls:
            if since <= call.started_at < until:
                by_day[call.started_at.astimezone(zone).date()] += call.actual_usd
        window: dict[str, Any] = {"since": since, "until": until, "time_zone": name}
        days = ask(acme, granularity="day", **window)
        months = ask(acme, granularity="month", **window)
        assert {
            row.bucket_at.astimezone(zone).date(): row.measures["actual_usd"] for row in days.rows
        } == by_day
        whole = sum(by_day.values())
        assert sum(row.measures["actual_usd"] for row in months.rows) == whole  # type: ignore[misc]
    assert [row.bucket_at for row in months.rows] == [since, datetime(2026, 4, 1, tzinfo=zone)]
    [total] = ask(acme, **window).rows
    assert total.measures["actual_usd"] == whole
    assert "events" not in days.sources + months.sources


@pytest.mark.parametrize(
    "dimensions", [(), ("served_model", "kind"), ("lever",), ("end_user",), ("tag", "project_id")]
)
def test_rollups_answer_as_the_events_do(
    world: tuple[Organization, list[Event]], dimensions: tuple[str, ...]
) -> None:
    acme, _ = world
    measures = ["calls", "error_calls", "output_tokens", "saved_usd", "actual_usd"]
    if not {"end_user", "tag"} & set(dimensions):
        measures += ["latency_us", "latency_p95_ms"]
    asked: dict[str, Any] = {
        "measures": measures,
        "dimensions": dimensions,
        "granularity": "day",
        "tag": "team" if "tag" in dimensions else None,
    }
    rolled, single = ask(acme, **asked), ask(acme, **asked, filters=EVERYTHING)
    assert figures(rolled) == figures(single)
    assert len(rolled.rows) > 25
    assert single.sources == ("events",)
    assert "events" not in rolled.sources


def test_edges_that_no_day_covers_come_from_events(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, _ = world
    asked: dict[str, Any] = {
        "dimensions": ["end_user"], "time_zone": "Europe/Berlin",
        "since": MARCH - timedelta(hours=1), "until": APRIL - timedelta(hours=2),
    }  # fmt: skip
    mixed, single = ask(acme, **asked), ask(acme, **asked, filters=EVERYTHING)
    assert mixed.sources == ("events", "days of end_users")
    assert figures(mixed) == figures(single)


def test_filters_narrow_and_the_window_before_stands_beside(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, calls = world
    filters = {"served_model": ["a"], "project_id": [str(PROJECT)]}
    found = ask(acme, measures=["calls"], since=APRIL, until=datetime(2026, 4, 8, tzinfo=UTC),
                filters=filters, compare=True, dimensions=["served_model"])  # fmt: skip
    ours = [call.started_at for call in calls if call.served_model == "a"]
    week = timedelta(days=7)
    [row] = found.rows
    assert row.measures == {"calls": sum(APRIL <= at < APRIL + week for at in ours)}
    assert row.previous == {"calls": sum(APRIL - week <= at < APRIL for at in ours)}
    assert ask(acme, filters={"project_id": [str(uuid7())]}).rows == []


def test_more_rows_than_asked_for_are_cut_and_said(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, _ = world
    assert ask(acme, granularity="day", limit=3).is_cut
    assert len(ask(acme, granularity="day", limit=3).rows) == 3
    assert not ask(acme, granularity="day", limit=31).is_cut


@pytest.mark.parametrize(
    "fields",
    [
        {"measures": ["mood"]}, {"measures": []}, {"dimensions": ["mood"]}, {"limit": 0},
        {"dimensions": ["tag"]}, {"tag": "team"}, {"time_zone": "Mars/Olympus"},
        {"until": MARCH}, {"until": AT + timedelta(seconds=1)}, {"granularity": "minute"},
        {"granularity": "week"}, {"since": datetime(2026, 3, 1)},  # noqa: DTZ001
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        ask(make_organization("Acme"), **fields)
