"""Experiments and their periods over the API."""

from datetime import timedelta
from typing import Any

import pytest

from apps.attribution.assignment import commitment_of
from apps.attribution.models import Period
from apps.attribution.selectors import SEALED_FOR
from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from tests import factories
from tests.api.callers import Caller, by_key
from tests.attribution.proofs import make_proof

pytestmark = pytest.mark.django_db


def calling(organization: Organization) -> Caller:
    return by_key(factories.make_api_key(organization, KEY_SCOPES).text.value)


def period(**changes: Any) -> dict[str, Any]:
    at = utc_now() + timedelta(hours=1)
    known = {"starts_at": at.isoformat(), "ends_at": (at + timedelta(days=30)).isoformat()}
    return known | changes


def test_a_period_is_committed_to_and_its_salt_published_when_it_is_over() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    call = calling(acme)
    experiment = call("POST", "/experiments", {"name": "Spring"}).json()
    path = f"/experiments/{experiment['id']}/periods"
    answer = call("POST", path, period(holdout_percent=5, ramp_percent="50"))
    made = answer.json()
    assert (answer.status_code, made["holdout_percent"], made["ramp_percent"]) == (201, 5, 50)
    assert (made["salt"], len(made["commitment"])) == (None, 64)
    assert call("GET", path).json()["data"] == [made]
    with tenant_scope(acme):
        over = utc_now() - SEALED_FOR
        month = timedelta(days=30)
        Period.objects.update(created_at=over - month, starts_at=over - month, ends_at=over)
    [shown] = call("GET", path).json()["data"]
    assert commitment_of(bytes.fromhex(shown["salt"])) == made["commitment"]
    other = calling(globex)
    assert other("GET", "/experiments").json()["data"] == []
    assert other("GET", path).status_code == 404
    assert other("POST", path, period()).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"holdout_percent": 21}, 400),
        ({"ramp_percent": "30"}, 400),
        ({"starts_at": "2020-01-01T00:00:00Z"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], status: int) -> None:
    call = calling(factories.make_organization())
    experiment = call("POST", "/experiments", {"name": "Spring"}).json()
    path = f"/experiments/{experiment['id']}/periods"
    assert call("POST", path, period(**change)).status_code == status
    assert call("POST", "/experiments", {"name": "Again"}).status_code == 409


def test_an_experiment_is_planned_started_and_stopped_and_only_by_its_own() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    call, other = calling(acme), calling(globex)
    experiment = call("POST", "/experiments", {"name": "Spring"}).json()
    path = f"/experiments/{experiment['id']}"
    planned = call("PATCH", path, {"holdout_percent": 3, "ramp_percent": "50"}).json()
    started = call("POST", f"{path}/start")
    assert (planned["holdout_percent"], planned["ramp_percent"]) == (3, 50)
    assert (started.status_code, started.json()["holdout_percent"]) == (201, 3)
    assert call("POST", f"{path}/start").json()["code"] == "experiment_running"
    assert call("GET", f"{path}/savings").json() == {
        "points": [], "draws": [], "units": 0, "is_overstated": False,
    }  # fmt: skip
    assert call("POST", f"{path}/stop").json()["stopped_at"]
    assert call("GET", path).json()["stopped_at"]
    tried = [("GET", ""), ("PATCH", ""), ("POST", "/start"), ("POST", "/stop"), ("GET", "/savings")]
    assert {other(method, path + tail).status_code for method, tail in tried} == {404}


def test_savings_so_far_are_those_that_were_sealed() -> None:
    acme = factories.make_organization("Acme")
    proven = make_proof(acme, units_a_day=100)
    found = calling(acme)("GET", f"/experiments/{proven.experiment.pk}/savings").json()
    [draw] = found["draws"]
    assert (found["units"], len(found["points"]), draw["period"]) == (400, 4, 2)
    assert (draw["held_out"] + draw["treated"], draw["is_paused"]) == (200, False)
    assert [each["low"] < each["audited"] < each["high"] for each in found["points"]] == [True] * 4
    assert found["points"][1]["audited"] == proven.statement.document["audited"]
    assert [found["points"][1][name] for name in ("low", "high")] == proven.statement.document[
        "since_start"
    ]


def test_a_link_to_the_proof_is_made_listed_without_its_address_and_revoked() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    call, other = calling(acme), calling(globex)
    experiment = call("POST", "/experiments", {"name": "Spring"}).json()
    body = {"name": "The auditor", "experiment_id": experiment["id"], "days": 5}
    made = call("POST", "/proof-links", body)
    assert made.status_code == 201
    assert "/proof/prf_" in made.json()["url"]
    [listed] = call("GET", "/proof-links").json()["data"]
    assert listed == {name: each for name, each in made.json().items() if name != "url"}
    path = f"/proof-links/{listed['id']}/revoke"
    assert other("POST", path).status_code == 404
    assert other("POST", "/proof-links", body).json()["code"] == "invalid_proof_link"
    assert other("GET", "/proof-links").json()["data"] == []
    assert call("POST", path).json()["revoked_at"]


def test_statements_are_listed_by_experiment_and_to_their_own() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    mine, other = (
        make_proof(organization, project_id=factories.make_project(organization, "One").pk)
        for organization in (acme, globex)
    )
    again = make_proof(acme, name="Again", project_id=factories.make_project(acme, "Two").pk)
    call = calling(acme)

    def listed(query: str = "") -> set[str]:
        return {each["id"] for each in call("GET", f"/statements{query}").json()["data"]}

    assert listed() == {str(each.statement.pk) for each in (mine, again)}
    assert listed(f"?experiment_id={mine.experiment.pk}") == {str(mine.statement.pk)}
    assert listed(f"?experiment_id={other.experiment.pk}") == set()
