from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from apps.kernel.events import Attempt, Decision, Event
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, Permission
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import CONTENT, binding, seal
from apps.usage.services.contents import store_contents
from apps.usage.services.ingestion import ingest_events
from apps.usage.services.retention import prune_expired_contents
from tests import factories
from tests.api.callers import Caller, by_key
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, {Permission.USAGE_READ}).text.value)


def store(organization: Organization, *given: Event) -> None:
    ingest_events(organization=organization, events=given, at=AT)


def listed(call: Caller, query: str = "") -> list[str]:
    return [row["id"] for row in call("GET", f"/requests{query}").json()["data"]]


def test_what_a_stream_cost_is_found_by_its_id(acme: Organization, call: Caller) -> None:
    cost = Decimal("0.001234567890")
    buckets = TokenBuckets(input_uncached=7, output=3)
    given = make_event(
        acme,
        is_stream=True,
        actual_usd=cost,
        buckets=buckets,
        tags={"team": "search"},
        attempts=(Attempt("openai", model="gpt-4o", status=200, outcome="success", cost_usd=cost),),
        decisions=(Decision("route", "none", "holdout"),),
        decomposition={"route": Decimal("0.1")},
    )
    store(acme, given)
    found: dict[str, Any] = call("GET", f"/requests/{given.event_id}").json()
    assert (found["id"], found["actual_usd"]) == (str(given.event_id), "0.001234567890")
    assert (found["started_at"], found["outcome"]) == ("2026-03-15T12:00:00Z", "success")
    assert (found["tokens"]["input_uncached"], found["tokens"]["output"]) == (7, 3)
    assert (found["tags"], found["decomposition"]) == ({"team": "search"}, {"route": "0.1"})
    assert found["attempts"][0]["cost_usd"] == "0.001234567890"
    assert found["decisions"][0]["reason"] == "holdout"


def test_an_unpriced_request_costs_null_and_not_zero(acme: Organization, call: Caller) -> None:
    unpriced, free = make_event(acme), make_event(acme, actual_usd=Decimal(0))
    store(acme, unpriced, free)
    costs = {row["id"]: row["actual_usd"] for row in call("GET", "/requests").json()["data"]}
    assert costs == {str(unpriced.event_id): None, str(free.event_id): "0.000000000000"}


def test_requests_are_narrowed_by_what_is_asked(acme: Organization, call: Caller) -> None:
    project = uuid7()
    odd = make_event(
        acme,
        project_id=project,
        requested_model="gpt-4o",
        served_model="gpt-4o-mini",
        outcome="error",
        status=429,
        started_at=AT - timedelta(hours=1),
    )
    plain = make_event(acme)
    store(acme, odd, plain)
    one, other = [str(odd.event_id)], [str(plain.event_id)]
    assert listed(call) == [*other, *one]
    for query in (
        f"?project_id={project}",
        "?model=gpt-4o",
        "?model=gpt-4o-mini",
        "?outcome=error",
        "?status=429",
        "?until=2026-03-15T12:00:00Z",
        f"?project_id={project}&status=429&since=2026-03-15T11:00:00Z",
    ):
        assert (query, listed(call, query)) == (query, one)
    assert listed(call, "?since=2026-03-15T12:00:00Z") == other
    assert listed(call, "?status=429&outcome=success") == []


@pytest.mark.parametrize(
    "query", ["project_id=x", "outcome=lost", "status=ok", "status=42", "since=then", "model=%00"]
)
def test_a_filter_that_makes_no_sense_is_said_to_make_none(call: Caller, query: str) -> None:
    answer = call("GET", f"/requests?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [query.partition("=")[0]]


def test_pages_hold_every_request_once_across_months(acme: Organization, call: Caller) -> None:
    given = [make_event(acme, started_at=AT - timedelta(days=20 * (n // 3))) for n in range(9)]
    store(acme, *given)
    found: list[str] = []
    cursor = ""
    while True:
        page = call("GET", f"/requests?limit=2&cursor={cursor}").json()
        found += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    ordered = sorted(given, key=lambda event: (event.started_at, event.event_id), reverse=True)
    assert found == [str(event.event_id) for event in ordered]


def test_requests_of_another_organization_are_not_there(acme: Organization, call: Caller) -> None:
    other = factories.make_organization("Acme")
    ours = make_event(acme)
    theirs = make_event(other, event_id=ours.event_id, end_user="canary")
    only_theirs = make_event(other)
    store(acme, ours)
    store(other, theirs, only_theirs)
    assert listed(call) == [str(ours.event_id)]
    assert call("GET", f"/requests/{only_theirs.event_id}").status_code == 404
    assert call("GET", f"/requests/{ours.event_id}").json()["end_user"] is None


def test_a_key_without_the_scope_reads_no_usage(acme: Organization) -> None:
    scopes = KEY_SCOPES - {Permission.USAGE_READ}
    lacking = by_key(factories.make_api_key(acme, scopes).text.value)
    assert lacking("GET", "/requests").status_code == 403


def sealed(organization: Organization, text: str) -> bytes:
    """Content as the gateway seals it."""
    part = {"type": "application/json", "text": text, "is_cut": False}
    document = orjson.dumps({"v": 1, "request": part, "answer": part})
    key = data_key(organization, at=AT)
    return seal(key, document, bound_to=binding(organization.pk, CONTENT))


def test_kept_content_is_shown_to_those_who_may_read_it(acme: Organization, call: Caller) -> None:
    event, other = make_event(acme), factories.make_organization("Other")
    store(acme, event)
    for organization, text in ((acme, "ours"), (other, "canary")):
        contents = [(event.event_id, sealed(organization, text))]
        store_contents(organization=organization, contents=contents, at=AT)
    path = f"/requests/{event.event_id}/content"
    reader = by_key(factories.make_api_key(acme, {Permission.CONTENT_READ}).text.value)
    assert call("GET", path).status_code == 403
    shown = reader("GET", path).json()
    assert shown["request"] == {"type": "application/json", "text": "ours", "is_cut": False}
    assert shown["answer"]["text"] == "ours"


def test_content_that_is_not_kept_is_not_found(acme: Organization) -> None:
    event = make_event(acme)
    store(acme, event)
    reader = by_key(factories.make_api_key(acme, {Permission.CONTENT_READ}).text.value)
    assert reader("GET", f"/requests/{event.event_id}/content").status_code == 404


def test_content_goes_when_its_projects_retention_ends(acme: Organization) -> None:
    project = acme.projects.get()
    event = make_event(acme, project_id=project.pk)
    store(acme, event)
    store_contents(organization=acme, contents=[(event.event_id, b"sealed")], at=AT)
    kept_for = timedelta(days=project.content_retention_days)
    with tenant_scope(acme):
        assert prune_expired_contents(acme, at=AT + kept_for) == 0
        assert prune_expired_contents(acme, at=AT + kept_for + timedelta(seconds=1)) == 1
