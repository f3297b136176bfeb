from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.kernel.events import Event
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.querying import DIMENSIONS, InvalidQuery, UsageQuery, usage
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")  # its clocks change on 29 March
ATOM = Decimal("0.000000000000000001")


def query(**fields: Any) -> UsageQuery:
    known: dict[str, Any] = {"measures": ("calls", "actual_usd"), "since": SINCE, "until": UNTIL}
    return UsageQuery(**(known | fields))


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


@pytest.fixture
def events(acme: Organization) -> list[Event]:
    """300 calls of ours all over the window, and one of somebody else."""
    random = Random(7)  # noqa: S311  (no secret)
    made = [_random_call(acme, random) for _ in range(300)]
    ingest_events(organization=acme, events=made, at=UNTIL)
    other = make_organization("Acme")
    ingest_events(organization=other, events=[make_event(other, actual_usd=Decimal(999))], at=UNTIL)
    return made


def _random_call(acme: Organization, random: Random) -> Event:
    minutes = random.randrange(int((UNTIL - SINCE).total_seconds() // 60))
    return make_event(
        acme,
        started_at=SINCE + timedelta(minutes=minutes),
        provider=random.choice(["openai", "anthropic"]),
        end_user=random.choice([None, "ada", "grace"]),
        tags={"team": random.choice(["search", "ads"])},
        actual_usd=random.choice([None, ATOM * random.randrange(10**20)]),
        buckets=TokenBuckets(input_uncached=random.randrange(99), reasoning=random.randrange(9)),
    )


def summed(events: list[Event], key: Any) -> Mapping[Any, tuple[int, Decimal]]:
    """What the rows must be, from the events themselves."""
    found: dict[Any, tuple[int, Decimal]] = {}
    for event in events:
        calls, usd = found.get(key(event), (0, Decimal(0)))
        found[key(event)] = calls + 1, usd + (event.actual_usd or 0)
    return found


def answered(acme: Organization, asked: UsageQuery) -> dict[Any, tuple[Any, Any]]:
    with tenant_scope(acme):
        answer = usage(asked, at=UNTIL)
    return {
        (row.at, *row.dimensions.values()): (row.measures["calls"], row.measures["actual_usd"])
        for row in answer.rows
    }


def test_a_total_is_the_sum_of_the_events(acme: Organization, events: list[Event]) -> None:
    assert answered(acme, query()) == {(None,): summed(events, lambda _: 0)[0]}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_days_of_any_zone_hold_their_events(
    zone: str, acme: Organization, events: list[Event]
) -> None:
    there = ZoneInfo(zone)

    def day(event: Event) -> tuple[datetime]:
        local = event.started_at.astimezone(there)
        return (local.replace(hour=0, minute=0),)

    asked = query(granularity="day", zone=there)
    assert answered(acme, asked) == summed(events, day)


@pytest.mark.parametrize(("granularity", "hours"), [("minute", 24), ("hour", 24 * 30)])
def test_hours_and_minutes_hold_their_events(
    granularity: str, hours: int, acme: Organization, events: list[Event]
) -> None:
    until = SINCE + timedelta(hours=hours)
    inside = [event for event in events if event.started_at < until]
    zeros = {"minute": 0} if granularity == "hour" else {}
    asked = query(granularity=granularity, until=until)
    assert answered(acme, asked) == summed(
        inside, lambda event: (event.started_at.replace(**zeros),)
    )


def test_a_window_between_hours_is_exact(acme: Organization, events: list[Event]) -> None:
    since = SINCE + timedelta(days=3, minutes=7)
    inside = [event for event in events if event.started_at >= since]
    assert answered(acme, query(since=since)) == {(None,): summed(inside, lambda _: 0)[0]}


def test_dimensions_filters_and_facets(acme: Organization, events: list[Event]) -> None:
    by_provider = answered(acme, query(dimensions=("provider",)))
    assert by_provider == summed(events, lambda event: (None, event.provider))
    only = answered(acme, query(filters={"provider": ["openai", "none"]}))
    openai = [event for event in events if event.provider == "openai"]
    assert only == {(None,): summed(openai, lambda _: 0)[0]}
    named = [event for event in events if event.end_user]
    by_user = answered(acme, query(dimensions=("end_user",)))
    assert by_user == summed(named, lambda event: (None, event.end_user))
    by_team = answered(acme, query(dimensions=("tag",), tag="team", granularity="day"))
    midnight = {"hour": 0, "minute": 0}
    assert by_team == summed(
        events, lambda event: (event.started_at.replace(**midnight), event.tags["team"])
    )


def test_token_measures_are_sums_of_buckets(acme: Organization, events: list[Event]) -> None:
    names = ("tokens", "input_tokens", "generated_tokens", "reasoning_tokens")
    with tenant_scope(acme):
        totals = usage(query(measures=names), at=UNTIL).totals
    counts = [event.buckets for event in events]
    assert [totals[name] for name in names] == [
        sum(each.total for each in counts),
        sum(each.input_total for each in counts),
        sum(each.output_total for each in counts),
        sum(each.reasoning for each in counts),
    ]


def test_a_lever_has_what_it_saved(acme: Organization) -> None:
    saving = make_event(
        acme,
        actual_usd=Decimal(1),
        counterfactual_usd=Decimal(4),
        decomposition={"route": Decimal(1), "cache": Decimal(2)},
    )
    ingest_events(organization=acme, events=[saving, make_event(acme)], at=UNTIL)
    with tenant_scope(acme):
        answer = usage(query(measures=("saved_usd",), dimensions=("lever",)), at=UNTIL)
        whole = usage(query(measures=("saved_usd",)), at=UNTIL)
    shown = [(row.dimensions["lever"], row.measures["saved_usd"]) for row in answer.rows]
    assert (shown, whole.totals["saved_usd"]) == ([("cache", 2), ("route", 1)], 3)


def test_nothing_is_zero(acme: Organization) -> None:
    with tenant_scope(acme):
        answer = usage(query(), at=UNTIL)
    assert (list(answer.rows), answer.totals) == ([], {"calls": 0, "actual_usd": Decimal(0)})


def test_the_window_before_is_of_the_same_days(acme: Organization) -> None:
    april = query(
        since=datetime(2026, 4, 1, tzinfo=BERLIN), until=datetime(2026, 4, 8, tzinfo=BERLIN),
        zone=BERLIN, compare="previous",
    )  # fmt: skip
    with tenant_scope(acme):
        found = usage(april, at=UNTIL).previous
    assert found is not None
    assert found.query.since == datetime(2026, 3, 25, tzinfo=BERLIN)
    assert (found.query.until, found.query.until - found.query.since) == (
        april.since, timedelta(days=7, hours=-1),
    )  # fmt: skip


def test_weeks_begin_on_monday(acme: Organization, events: list[Event]) -> None:
    def monday(event: Event) -> tuple[datetime]:
        midnight = event.started_at.astimezone(BERLIN).replace(hour=0, minute=0)
        return (midnight - timedelta(days=midnight.weekday()),)

    assert answered(acme, query(granularity="week", zone=BERLIN)) == summed(events, monday)


def test_what_no_sum_is_kept_of_comes_from_the_events(
    acme: Organization, events: list[Event]
) -> None:
    named = [event for event in events if event.end_user]
    asked = query(dimensions=("end_user", "provider"), zone=BERLIN)
    assert answered(acme, asked) == summed(
        named, lambda event: (None, event.end_user, event.provider)
    )
    by_status = answered(acme, query(dimensions=("status", "outcome")))
    assert by_status == summed(events, lambda _: (None, "200", "success"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"measures": ()}, "Name a measure: calls"),
        ({"measures": ("cost",)}, "There is no measure cost; there are calls"),
        ({"measures": ("calls", "calls")}, "once"),
        ({"dimensions": ("city",)}, "There is no dimension city; there are project_id"),
        ({"filters": {"city": ["x"]}}, "There is no dimension city"),
        ({"dimensions": DIMENSIONS[:5]}, "at most 4"),
        ({"granularity": "year"}, "There is no granularity year; there are total"),
        ({"granularity": "minute"}, "at most 1 days"),
        ({"since": UNTIL}, "since must be before until"),
        ({"since": SINCE + timedelta(seconds=1)}, "whole minutes"),
        ({"dimensions": ("tag",)}, "Name the tag"),
        ({"tag": "team"}, "Name the tag"),
        ({"since": datetime(2026, 3, 1)}, "offset"),  # noqa: DTZ001
        ({"compare": "year"}, "There is no comparison year; there are previous"),
    ],
)
def test_what_does_not_go_together_is_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        query(**fields)
    assert said in raised.value.detail
