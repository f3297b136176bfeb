from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from apps.kernel.events import OUTCOMES, Event, encode
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.querying import Answer, InvalidQuery, UsageQuery, answers, usage
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.usage.calls import PROJECT, make_event

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
        return usage(UsageQuery(**(known | fields)), at=NOW)


def figures(answer: Answer) -> list[tuple[Any, ...]]:
    return [(row.at, *row.dimensions.values(), *row.measures.values()) for row in answer.rows]


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
        window: dict[str, Any] = {"since": since, "until": until, "zone": zone}
        days = ask(acme, granularity="day", **window)
        months = ask(acme, granularity="month", **window)
        assert {row.at.date(): row.measures["actual_usd"] for row in days.rows if row.at} == by_day
        whole = sum(by_day.values())
        assert sum(row.measures["actual_usd"] for row in months.rows) == whole  # type: ignore[misc]
    assert [row.at for row in months.rows] == [since, datetime(2026, 4, 1, tzinfo=zone)]
    [total] = ask(acme, **window).rows
    assert total.measures["actual_usd"] == whole
    assert "events" not in {*days.sources, *months.sources}


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
    assert rolled.totals == single.totals
    assert len(rolled.rows) > 25
    assert single.sources == ("events",)
    assert "events" not in rolled.sources


@pytest.mark.parametrize("name", ["team", "x" * 60, "x" * 61])
def test_strange_tags_count_alike_in_days_and_events(name: str) -> None:
    acme = make_organization("Acme")
    tags: list[dict[str, Any]] = [
        {"team": "a"}, {"team": None}, {"team": 7}, {"team": True}, {"team": "v" * 300},
        {"other": "a"}, {}, {"x" * 60: "cut"}, {"x" * 61: "cut too"},
    ]  # fmt: skip
    calls = [
        make_event(acme, started_at=MARCH, tags=each, decomposition={"route": Decimal(n)})
        for n, each in enumerate(tags, 1)
    ]
    ingest_events(organization=acme, events=calls, at=NOW)
    asked: dict[str, Any] = {"measures": ["calls", "saved_usd"], "tag": name}
    only: Any = {"tag": ["a", "", "7", "v" * 200, "cut"]}

    rolled, single = (
        ask(acme, dimensions=["tag"], filters=filters, **asked) for filters in ({}, EVERYTHING)
    )
    by_lever = ask(acme, dimensions=["lever", "tag"], filters=only, **asked)

    assert figures(rolled) == figures(single)
    counted = {"team": 5, "x" * 60: 2, "x" * 61: 0}[name]
    assert single.totals["calls"] == counted
    kept = {"team": 1 + 2 + 3 + 5, "x" * 60: 8, "x" * 61: 0}[name]
    assert by_lever.totals["saved_usd"] == kept


def test_edges_that_no_day_covers_come_from_events(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, _ = world
    asked: dict[str, Any] = {
        "dimensions": ["end_user"], "zone": ZoneInfo("Europe/Berlin"),
        "since": MARCH - timedelta(hours=1), "until": APRIL - timedelta(hours=2),
    }  # fmt: skip
    mixed, single = ask(acme, **asked), ask(acme, **asked, filters=EVERYTHING)
    assert mixed.sources == ("events", "days of end_users", "weeks of end_users")
    assert figures(mixed) == figures(single)


def test_filters_narrow_and_the_window_before_stands_beside(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, calls = world
    filters = {"served_model": ["a"], "project_id": [str(PROJECT)]}
    found = ask(acme, measures=["calls"], since=APRIL, until=datetime(2026, 4, 8, tzinfo=UTC),
                filters=filters, compare="previous", dimensions=["served_model"])  # fmt: skip
    ours = [call.started_at for call in calls if call.served_model == "a"]
    week = timedelta(days=7)
    [row] = found.rows
    assert row.measures == {"calls": sum(APRIL <= at < APRIL + week for at in ours)}
    assert found.previous is not None
    assert found.previous.totals == {"calls": sum(APRIL - week <= at < APRIL for at in ours)}
    assert found.previous.query.since == APRIL - week
    assert ask(acme, filters={"project_id": [str(uuid7())]}).rows == []


def test_an_answer_of_too_many_rows_says_how_to_ask_for_less(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, _ = world
    with patch.object(answers, "MOST_ROWS", 30), pytest.raises(InvalidQuery) as raised:
        ask(acme, granularity="day")
    assert "more than 30 rows" in raised.value.detail
    assert len(ask(acme, granularity="day").rows) == 31


def test_what_only_events_know_is_not_answered_of_before_they_were_kept(
    world: tuple[Organization, list[Event]],
) -> None:
    acme, _ = world
    long_ago = NOW - timedelta(days=500)
    with pytest.raises(InvalidQuery) as raised:
        ask(acme, since=long_ago, filters=EVERYTHING)
    assert "of the last 400 days only" in raised.value.detail
    assert ask(acme, since=long_ago).sources == ("rollups of 1440 minutes",)


@pytest.mark.parametrize("dimensions", [(), ("kind",), ("end_user",)])
def test_imported_calls_count_when_they_are_asked_for(
    world: tuple[Organization, list[Event]], dimensions: tuple[str, ...]
) -> None:
    acme, _ = world
    imported = make_event(acme, kind="import", end_user="ada", actual_usd=Decimal(7))
    with tenant_scope(acme), transaction.atomic():
        store.write_batch([store.read_row(encode(imported))], batch_id=uuid7(), at=NOW)
    live = ask(acme, dimensions=dimensions)
    assert ask(acme, dimensions=dimensions, filters={"kind": ["live"]}).totals == live.totals
    only = ask(acme, dimensions=dimensions, filters={"kind": ["import"]})
    assert (only.totals, only.sources) == ({"actual_usd": Decimal(7)}, ("events",))
    both = ask(acme, dimensions=dimensions, filters={"kind": ["import", "live"]})
    with localcontext(prec=60):
        assert both.totals["actual_usd"] == live.totals["actual_usd"] + 7  # type: ignore[operator]
    assert both.sources[0] == "events" != both.sources[-1]
