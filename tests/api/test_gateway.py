"""Routes, limits, addresses and content through the API."""

from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.tenants.models import Organization, ProviderCredential
from apps.tenants.permissions import KEY_SCOPES, Role
from apps.tenants.services.credentials import reveal
from tests import factories
from tests.api.callers import Caller, by_key, by_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)


def listed(call: Caller, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call("GET", path).json()["data"]
    return rows


def test_a_route_is_added_changed_and_deleted(call: Caller, acme: Organization) -> None:
    credential = factories.make_credential(acme)
    factories.make_route(factories.make_organization("Acme"))
    body = {
        "pattern": "gpt-*",
        "strategy": "weighted",
        "targets": [
            {"provider": "openai", "credential_id": str(credential.pk), "weight": 3},
            {"provider": "anthropic", "model": "claude-sonnet-4-5", "priority": 1},
        ],
    }
    made = call("POST", "/routes", body)
    route = made.json()
    assert (made.status_code, [each["priority"] for each in route["targets"]]) == (201, [0, 1])
    assert route["targets"][0]["model"] is None
    changed = call("PATCH", f"/routes/{route['id']}", {"max_retries": 0}).json()
    assert changed == route | {"max_retries": 0}
    assert listed(call, "/routes") == [changed]
    assert call("DELETE", f"/credentials/{credential.pk}").json()["code"] == "credential_in_use"
    assert call("DELETE", f"/routes/{route['id']}").status_code == 204
    assert listed(call, "/routes") == []


def test_a_route_to_a_credential_of_another_organization_is_refused(call: Caller) -> None:
    theirs = factories.make_credential(factories.make_organization("Acme"))
    target = {"provider": "openai", "credential_id": str(theirs.pk)}
    refused = call("POST", "/routes", {"pattern": "gpt-5", "targets": [target]})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_route")


def test_a_budget_is_set_and_changed(call: Caller, acme: Organization) -> None:
    factories.make_limit(factories.make_organization("Acme"))
    project = factories.make_project(acme)
    body = {
        "kind": "budget_usd",
        "amount": "99.50",
        "window": "month",
        "project_id": str(project.pk),
        "alert_fractions": ["0.8"],
    }
    limit = call("POST", "/limits", body).json()
    assert (limit["amount"], limit["alert_fractions"], limit["is_hard"]) == ("99.5", ["0.8"], True)
    assert call("POST", "/limits", body).json()["code"] == "limit_taken"
    changed = call("PATCH", f"/limits/{limit['id']}", {"amount": "100", "is_hard": False}).json()
    assert changed == limit | {"amount": "100", "is_hard": False}
    assert listed(call, "/limits") == [changed]
    assert call("DELETE", f"/limits/{limit['id']}").status_code == 204


def test_finance_sets_budgets_and_developers_do_not(acme: Organization) -> None:
    body = {"kind": "budget_usd", "amount": "10", "window": "day"}
    developer = by_session(factories.make_member(acme, Role.DEVELOPER))
    assert developer("POST", "/limits", body).status_code == 403
    assert developer("GET", "/limits").status_code == 200
    finance = by_session(factories.make_member(acme, Role.FINANCE))
    assert finance("POST", "/limits", body).status_code == 201
    assert finance("GET", "/routes").status_code == 403


def test_a_base_url_leads_to_public_places_only(call: Caller) -> None:
    body = {"provider": "openai", "name": "Proxy", "secret": "sk-provider-secret"}
    refused = call("POST", "/credentials", body | {"base_url": "https://169.254.169.254/v1"})
    assert (refused.status_code, refused.json()["code"]) == (400, "base_url_refused")
    made = call("POST", "/credentials", body | {"base_url": "https://93.184.216.34/v1/"})
    assert made.json()["base_url"] == "https://93.184.216.34/v1"
    change = {"secret": "sk-another-secret", "base_url": ""}
    replaced = call("POST", f"/credentials/{made.json()['id']}/replace", change)
    assert replaced.json()["base_url"] is None
    assert reveal(ProviderCredential.objects.get(), at=utc_now()) == "sk-another-secret"


def test_content_is_kept_when_an_admin_says_so(acme: Organization) -> None:
    path = f"/projects/{acme.projects.get().pk}/content"
    body = {"stores_content": True, "retention_days": 7}
    developer = by_session(factories.make_member(acme, Role.DEVELOPER))
    assert developer("PATCH", path, body).status_code == 403
    admin = by_session(factories.make_member(acme, Role.ADMIN))
    project = admin("PATCH", path, body).json()
    assert (project["stores_content"], project["content_retention_days"]) == (True, 7)
