from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.kernel.tokens import TokenBuckets
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, Permission
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import Caller, by_key
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
COSTS = """usage_date_utc,model,cost_usd
2026-03-01,Claude Sonnet 4.5,1.000000000000000001
2026-03-31,Claude Sonnet 4.5,1
2026-03-31,Claude Haiku 3,0.4
2026-04-01,Claude Haiku 3,7
"""


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    scopes = {Permission.USAGE_READ, Permission.STATEMENTS_WRITE}
    return by_key(factories.make_api_key(acme, scopes).text.value)


def store(organization: Organization, **fields: Any) -> None:
    known = {"provider": "anthropic", "served_model": "claude-sonnet-4-5-20250929"}
    event = make_event(organization, **({"started_at": START} | known | fields))
    ingest_events(organization=organization, events=[event], at=END)


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "provider": "anthropic",
        "month": "2026-03",
        "source": "anthropic",
        "content": COSTS,
    } | changes


def test_our_figure_stands_beside_theirs_by_model(acme: Organization, call: Caller) -> None:
    store(acme, actual_usd=Decimal("1.5"), is_estimated=True)
    store(acme, actual_usd=Decimal("0.5"), started_at=END - timedelta(microseconds=1))
    store(acme, actual_usd=Decimal(9), started_at=END)
    store(acme, actual_usd=Decimal(9), provider="openai")
    store(acme, served_model="claude-new", buckets=TokenBuckets(input_uncached=7, output=3))
    store(acme, served_model="claude-new", outcome="refused")
    other = factories.make_organization("Acme")
    store(other, actual_usd=Decimal(100))
    answer = call("POST", "/reconciliations", statement())
    assert answer.status_code == 201
    found = answer.json()
    assert found["total"] == {
        "our_usd": "2.000000000000000000",
        "their_usd": "2.400000000000000001",
        "gap_usd": "-0.400000000000000001",
        "gap_percent": "-16.67",
    }
    figures = ("our_usd", "their_usd", "gap_usd")
    shown = [
        (line["model"], line["calls"], *(Decimal(line["comparison"][name]) for name in figures))
        for line in found["models"]
    ]
    assert shown == [
        ("claude-sonnet-4-5-20250929", 2, 2, Decimal("2.000000000000000001"), Decimal("-1e-18")),
        ("claude-new", 2, 0, 0, 0),
        ("Claude Haiku 3", 0, 0, Decimal("0.4"), Decimal("-0.4")),
    ]
    assert found["unpriced"] == [{"model": "claude-new", "calls": 1, "tokens": 10}]
    counts = (found["call_count"], found["estimated_count"], found["estimated_percent"])
    assert counts == (4, 1, "25.00")
    assert (found["row_count"], found["outside_count"]) == (4, 1)
    assert call("GET", f"/reconciliations/{found['id']}").json() == found


def test_a_second_statement_takes_the_place_of_the_first(acme: Organization, call: Caller) -> None:
    call("POST", "/reconciliations", statement())
    call("POST", "/reconciliations", statement(content=factories.COSTS))
    call("POST", "/reconciliations", statement(provider="claude-proxy"))
    listed = call("GET", "/reconciliations").json()["data"]
    theirs = [(row["provider"], row["month"], Decimal(row["total"]["their_usd"])) for row in listed]
    assert theirs == [
        ("claude-proxy", "2026-03", Decimal("2.400000000000000001")),
        ("anthropic", "2026-03", Decimal("0.5")),
    ]


def test_the_list_says_what_the_detail_says(acme: Organization, call: Caller) -> None:
    store(acme, actual_usd=Decimal("1.5"))
    one = call("POST", "/reconciliations", statement()).json()
    listed = call("GET", "/reconciliations").json()["data"]
    assert [row["total"] for row in listed] == [one["total"]]


def test_any_csv_by_the_names_of_its_columns(call: Caller) -> None:
    columns = {"day": "When", "amount": "Cost"}
    body = statement(source="generic", columns=columns, content="When,Cost\n2026-03-02,3.5\n")
    found = call("POST", "/reconciliations", body).json()
    assert (Decimal(found["total"]["their_usd"]), found["models"]) == (Decimal("3.5"), [])


def test_without_costs_of_theirs_there_is_no_percentage(call: Caller) -> None:
    content = "usage_date_utc,model,cost_usd\n2026-03-02,m,0\n"
    found = call("POST", "/reconciliations", statement(content=content)).json()
    assert found["total"]["gap_percent"] is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": "a,b\n"}, "invalid_statement"),
        ({"source": "generic"}, "invalid_statement"),
        ({"month": "2026-13"}, "invalid_request"),
        ({"provider": "Open AI"}, "invalid_request"),
        ({"source": "sap"}, "invalid_request"),
    ],
)
def test_what_is_no_statement_is_refused(changes: dict[str, Any], code: str, call: Caller) -> None:
    answer = call("POST", "/reconciliations", statement(**changes))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert call("GET", "/reconciliations").json()["data"] == []


def test_statements_of_another_organization_are_not_there(call: Caller) -> None:
    other = factories.make_organization("Acme")
    theirs = factories.make_statement(other, name="canary.csv")
    assert call("GET", "/reconciliations").json()["data"] == []
    assert call("GET", f"/reconciliations/{theirs.pk}").status_code == 404


def test_giving_needs_its_own_permission(acme: Organization) -> None:
    scopes = KEY_SCOPES - {Permission.STATEMENTS_WRITE}
    lacking = by_key(factories.make_api_key(acme, scopes).text.value)
    assert lacking("POST", "/reconciliations", statement()).status_code == 403
    assert lacking("GET", "/reconciliations").status_code == 200


def test_more_than_a_little_may_be_sent(call: Caller) -> None:
    line = "2026-03-02,model,0.001\n"
    content = "usage_date_utc,model,cost_usd\n" + line * 20_000
    found = call("POST", "/reconciliations", statement(content=content)).json()
    assert (Decimal(found["total"]["their_usd"]), found["row_count"]) == (Decimal(20), 20_000)
