from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from apps.kernel.events import Attempt, Decision, Event
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, Permission
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import CONTENT, binding, seal
from apps.usage.models import UsageEvent
from apps.usage.services.contents import store_contents
from apps.usage.services.ingestion import ingest_events
from apps.usage.services.retention import prune_expired_contents
from apps.usage.store import reading
from tests import factories
from tests.api.callers import Caller, by_key
from tests.usage import repricings
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
    assert (found["id"], found["actual_usd"]) == (str(given.event_id), "0.001234567890000000")
    assert (found["started_at"], found["outcome"]) == ("2026-03-15T12:00:00Z", "success")
    assert (found["tokens"]["input_uncached"], found["tokens"]["output"]) == (7, 3)
    assert (found["tags"], found["decomposition"]) == ({"team": "search"}, {"route": "0.1"})
    assert found["attempts"][0]["cost_usd"] == "0.001234567890000000"
    assert found["decisions"][0]["reason"] == "holdout"


def test_a_request_names_what_later_prices_changed(acme: Organization, call: Caller) -> None:
    repricings.publish_versions()
    given = repricings.call(acme, "2")
    store(acme, given)
    repricings.reprice(acme)
    found: dict[str, Any] = call("GET", f"/requests/{given.event_id}").json()
    [change] = found["adjustments"]
    assert (change["price_version"], change["actual_usd"]) == (2, "1.000000000000000000")
    assert (found["price_version"], found["actual_usd"]) == (2, "3.000000000000000000")


def test_an_unpriced_request_costs_null_and_not_zero(acme: Organization, call: Caller) -> None:
    unpriced, free = make_event(acme), make_event(acme, actual_usd=Decimal(0))
    store(acme, unpriced, free)
    costs = {row["id"]: row["actual_usd"] for row in call("GET", "/requests").json()["data"]}
    assert costs == {str(unpriced.event_id): None, str(free.event_id): "0.000000000000000000"}


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


def test_requests_are_found_by_what_is_known_of_them(acme: Organization, call: Caller) -> None:
    odd = make_event(
        acme,
        api_key_id=uuid7(),
        provider="anthropic",
        served_model="claude-sonnet-4-5",
        kind="import",
        status=429,
        outcome="error",
        error_code="rate_limit_error",
        conversation_id="Thread-17%",
        end_user="ada@acme.test",
        tags={"team": "Search"},
        actual_usd=Decimal("0.5"),
        total_ms=1500.5,
        is_estimated=True,
    )
    store(acme, odd, make_event(acme))
    for query in (
        f"api_key_id={odd.api_key_id}", "provider=anthropic", "kind=import", "status_class=4",
        "error_code=rate_limit_error", "conversation_id=Thread-17%25", "end_user=ada@acme.test",
        "tag=team", "tag=team&tag_value=Search", "min_usd=0.5&max_usd=0.5", "max_usd=1",
        "min_ms=1500&max_ms=1501", "is_priced=true", "is_estimated=true",
        f"text={odd.event_id}", "text=sonnet", "text=RATE_limit", "text=thread-17%25",
        "text=ADA@", "text=search",
    ):  # fmt: skip
        assert (query, listed(call, f"?{query}")) == (query, [str(odd.event_id)])
    for query in ("tag=team&tag_value=x", "min_usd=0.6", "text=claude_sonnet", "text=17_"):
        assert (query, listed(call, f"?{query}")) == (query, [])


def test_an_unpriced_request_is_listed_and_a_refused_one_is_not_unpriced(
    acme: Organization, call: Caller
) -> None:
    unpriced, refused = make_event(acme), make_event(acme, outcome="refused", status=429)
    store(acme, unpriced, refused, make_event(acme, actual_usd=Decimal(0)))
    assert listed(call, "?is_priced=false") == [str(unpriced.event_id)]


@pytest.mark.parametrize(
    ("field", "values"),
    [("actual_usd", [Decimal("0.1"), Decimal("0.1"), Decimal(2), None]),
     ("total_ms", [0.1, 0.30000000000000004, 7.0, None])],
)  # fmt: skip
def test_requests_are_sorted_by_cost_or_duration_over_pages(
    acme: Organization, call: Caller, field: str, values: list[Any]
) -> None:
    given = [make_event(acme, **{field: value}) for value in values]
    store(acme, *given)
    known = [event for event in given if getattr(event, field) is not None]
    ordered = sorted(known, key=lambda each: (getattr(each, field), each.event_id), reverse=True)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = call("GET", f"/requests?sort={field}&limit=1&cursor={cursor}").json()
        found += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert found == [str(event.event_id) for event in ordered]


def test_a_cursor_of_another_order_is_refused(acme: Organization, call: Caller) -> None:
    store(acme, make_event(acme), make_event(acme))
    cursor = call("GET", "/requests?limit=1").json()["next_cursor"]
    answer = call("GET", f"/requests?sort=total_ms&cursor={cursor}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


def test_a_search_that_reads_too_much_is_ended(
    acme: Organization, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(acme, make_event(acme))
    slow = RawSQL("(SELECT pg_sleep(5) IS NOT NULL)", (), output_field=BooleanField())
    rows = UsageEvent.objects.alias(slow=slow).filter(slow=True)
    monkeypatch.setattr("apps.api.views.requests.events", lambda _wanted: rows)
    monkeypatch.setattr(reading, "PATIENCE_MS", 20)
    answer = call("GET", "/requests?text=needle")
    assert (answer.status_code, answer.json()["code"]) == (400, "search_too_wide")
    monkeypatch.undo()
    assert len(listed(call)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "project_id=x",
        "outcome=lost",
        "status=ok",
        "status=42",
        "since=then",
        "model=%00",
        "sort=name",
        "min_ms=nan",
        "min_usd=nan",
        "status_class=6",
        "is_priced=perhaps",
    ],
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
