import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, Permission
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import Caller, by_key
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
MARCH = "since=2026-03-01T00:00:00Z&until=2026-04-01T00:00:00Z"
ASKED = f"/usage/query?measures=calls,actual_usd&dimensions=provider&time_zone=UTC&{MARCH}"
END = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    for day, provider, cost in ((14, "openai", "1"), (15, "openai", "0.000000000000000001"),
                                (15, "=evil", "2"), (10, "openai", None)):  # fmt: skip
        event = make_event(
            acme,
            started_at=datetime(2026, 3, day, 23, 30, tzinfo=UTC),
            provider=provider,
            actual_usd=cost and Decimal(cost),
        )
        ingest_events(organization=acme, events=[event], at=END)
    other = factories.make_organization("Acme")
    theirs = make_event(other, provider="canary", actual_usd=Decimal(9))
    ingest_events(organization=other, events=[theirs], at=END)
    return by_key(factories.make_api_key(acme, {Permission.USAGE_READ}).text.value)


def test_an_answer_is_exact_and_of_one_organization(call: Caller) -> None:
    found = call("GET", ASKED).json()
    rows = [(row["dimensions"]["provider"], *row["measures"].values()) for row in found["rows"]]
    assert rows == [
        ("=evil", 1, "2.000000000000000000"),
        ("openai", 3, "1.000000000000000001"),
    ]
    assert found["totals"] == {"calls": 4, "actual_usd": "3.000000000000000001"}
    assert (found["currency"], found["time_zone"], found["previous"]) == ("USD", "UTC", None)


def test_csv_has_the_figures_of_the_api(call: Caller) -> None:
    rows = call("GET", ASKED).json()["rows"]
    data = call("GET", f"{ASKED}&format=csv").getvalue().decode()
    lines = list(csv.DictReader(io.StringIO(data, newline="")))
    assert [(line["calls"], line["actual_usd"]) for line in lines] == [
        (str(row["measures"]["calls"]), row["measures"]["actual_usd"]) for row in rows
    ]
    assert [line["provider"] for line in lines] == ["'=evil", "openai"]


def test_days_are_those_of_the_time_zone(call: Caller) -> None:
    query = f"/usage/query?measures=calls&granularity=day&{MARCH}&provider=openai"
    found = call("GET", f"{query}&time_zone=Europe/Berlin").json()
    assert [row["at"] for row in found["rows"]] == [
        "2026-03-11T00:00:00+01:00",
        "2026-03-15T00:00:00+01:00",
        "2026-03-16T00:00:00+01:00",
    ]


def test_percentiles_are_asked_as_sums_are(acme: Organization, call: Caller) -> None:
    event = make_event(acme, started_at=datetime(2026, 3, 20, tzinfo=UTC), total_ms=4.0)
    ingest_events(organization=acme, events=[event], at=END)
    query = f"/usage/query?measures=calls,latency_p95_ms&granularity=week&time_zone=UTC&{MARCH}"
    found = call("GET", query).json()
    assert [list(row["measures"].values()) for row in found["rows"]] == [[4, None], [1, 3.8]]
    assert (found["totals"], found["sources"]) == (
        {"calls": 5, "latency_p95_ms": 3.8}, ["rollups of 1440 minutes"],
    )  # fmt: skip


def test_filters_take_several_values(call: Caller) -> None:
    found = call("GET", f"{ASKED}&provider=openai&provider=%3Devil").json()
    assert found["totals"]["calls"] == 4
    assert call("GET", f"{ASKED}&provider=openai").json()["totals"]["calls"] == 3


def test_the_window_before_stands_beside(call: Caller) -> None:
    query = "since=2026-03-15T00:00:00Z&until=2026-03-16T00:00:00Z&compare=previous&time_zone=UTC"
    found = call("GET", f"/usage/query?measures=actual_usd&{query}").json()
    assert found["totals"]["actual_usd"] == "2.000000000000000001"
    assert found["previous"]["totals"]["actual_usd"] == "1.000000000000000000"
    assert found["previous"]["since"] == "2026-03-14T00:00:00Z"


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        (f"measures=cost&{MARCH}", "invalid_query", "there are calls"),
        (f"measures=calls&dimensions=tag&{MARCH}", "invalid_query", "Name the tag"),
        (f"measures=calls&granularity=year&{MARCH}", "invalid_request", ""),
        (f"measures=calls&time_zone=Mars&{MARCH}", "invalid_request", ""),
        ("measures=calls", "invalid_request", ""),
    ],
)
def test_what_cannot_be_asked_names_what_can(
    query: str, code: str, said: str, call: Caller
) -> None:
    answer = call("GET", f"/usage/query?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert said in answer.json()["detail"]


def test_a_key_without_the_scope_asks_nothing(acme: Organization) -> None:
    lacking = by_key(factories.make_api_key(acme, KEY_SCOPES - {Permission.USAGE_READ}).text.value)
    assert lacking("GET", ASKED).status_code == 403
