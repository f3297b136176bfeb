"""What a query string may say, and what is answered where it says something else."""

from datetime import timedelta
from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.tenants.permissions import KEY_SCOPES
from apps.usage.services.ingestion import ingest_events
from tests.api.callers import Caller, by_key
from tests.factories import make_api_key, make_organization, make_project
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
WINDOW = "since=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z"


@pytest.fixture
def call() -> Caller:
    return by_key(make_api_key(make_organization("Acme"), KEY_SCOPES).text.value)


def refusals(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400
    return {each["field"]: each["detail"] for each in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/projects", "cursor, limit"),
        ("/keys", "cursor, limit, project_id"),
        ("/prices", "cursor, limit, model, provider, tier"),
        ("/reconciliations", "cursor, limit"),
    ],
)
def test_a_parameter_that_nobody_knows_is_refused_with_those_that_there_are(
    call: Caller, path: str, known: str
) -> None:
    told = refusals(call("GET", f"{path}?modle=gpt-4o&limit=1"))
    assert told == {"modle": f"There is no such parameter. There are: {known}."}
    assert call("GET", f"{path}?limit=1").status_code == 200


@pytest.mark.parametrize("path", ["/requests", "/value", f"/usage/query?measures=calls&{WINDOW}"])
def test_figures_are_not_given_for_a_filter_that_narrows_nothing(call: Caller, path: str) -> None:
    sign = "&" if "?" in path else "?"
    assert list(refusals(call("GET", f"{path}{sign}modell=gpt-4o"))) == ["modell"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "since=2026-03-01T00:00:00",
            {"since": "Add the offset from UTC: Z, or as +01:00; in an address + is %2B."},
        ),
        (
            "until=2026-03-01T00:00:00+01:00",  # a space, as addresses have it
            {
                "until": "Write it like 2026-11-30T14:00:00Z or 2026-11-30T15:00:00+01:00; in an"
                " address + is %2B."
            },
        ),
        ("min_usd=abc", {"min_usd": "Write it like 0.05, in US dollars."}),
        (
            "sort=cost",
            {"sort": '"cost" is none of: started_at, actual_usd, total_ms.'},
        ),
        ("arm=control", {"arm": '"control" is none of: holdout, treatment.'}),
    ],
)
def test_what_makes_no_sense_is_told_with_what_would(
    call: Caller, query: str, told: dict[str, str]
) -> None:
    assert refusals(call("GET", f"/requests?{query}")) == told


def test_a_time_at_any_offset_is_taken(call: Caller) -> None:
    assert call("GET", "/requests?since=2026-03-01T00:00:00%2B01:00").status_code == 200


def test_who_asks_is_told_how_to_say_it_and_a_body_as_what_it_is_taken(call: Caller) -> None:
    nobody = by_key("")("GET", "/organization")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "invalid_api_key")
    plain = Caller(call._client, {})("GET", "/organization")
    assert plain.status_code == 401
    assert plain.json()["detail"].startswith("Send an API key as Authorization: Bearer nap_")
    body = call("POST", "/imports", {})
    assert body.status_code == 415
    assert "Send multipart/form-data or " in body.json()["detail"]


def test_requests_are_narrowed_by_lever_and_arm() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    at = utc_now() - timedelta(hours=1)
    for organization in (acme, globex):
        calls = [
            make_event(organization, started_at=at, arm="holdout"),
            make_event(organization, started_at=at, arm="treatment", decomposition={"routing": 1}),
        ]
        ingest_events(organization=organization, events=calls, at=at)
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    everything = call("GET", "/requests").json()["data"]
    routed = call("GET", "/requests?lever=routing").json()["data"]
    held_out = call("GET", "/requests?arm=holdout").json()["data"]
    assert len(everything) == 2
    assert (len(routed), len(held_out)) == (1, 1)
    assert {routed[0]["id"], held_out[0]["id"]} == {each["id"] for each in everything}
    strange = call("GET", "/requests?lever=magic")
    assert (strange.status_code, strange.json()["errors"][0]["field"]) == (400, "lever")


def test_keys_and_notices_are_narrowed() -> None:
    acme = make_organization("Acme")
    project = make_project(acme, "Second")
    call = by_key(make_api_key(acme, KEY_SCOPES).text.value)
    second = make_api_key(acme, name="Second", project=project)
    announce(
        organization=acme,
        news=News(Kind.PLAN_USAGE, "once", "Half used", "Upgrade.", {}, "usage"),
        at=utc_now(),
    )
    found = call("GET", f"/keys?project_id={project.pk}").json()["data"]
    assert [each["id"] for each in found] == [str(second.api_key.pk)]
    assert len(call("GET", "/notices?kind=plan.usage").json()["data"]) == 1
    assert call("GET", "/notices?kind=budget.alert").json()["data"] == []
