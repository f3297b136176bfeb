from datetime import timedelta

import pytest
from django.core import signing
from django.db import OperationalError
from django.test import Client

from apps.api import authentication
from apps.kernel.clock import utc_now
from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import Permission, Role
from apps.tenants.services.organizations import create_organization
from tests import factories
from tests.api.callers import by_key, by_session

pytestmark = pytest.mark.django_db
UNKNOWN_KEY = "nap_live_000000000000000000000000000000" + "000000"


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme", factories.make_user())


def test_a_key_acts_in_its_own_organization_whatever_the_header_says(acme: Organization) -> None:
    other = factories.make_organization("Other")
    key = factories.make_api_key(acme).text.value
    response = by_key(key)("GET", "/organization", headers={"Netra-Organization": other.slug})
    assert (response.status_code, response.json()["id"]) == (200, str(acme.pk))


@pytest.mark.parametrize("text", ["", "nap_live_short", UNKNOWN_KEY, "\N{SNOWMAN}".encode().hex()])
def test_an_unknown_key_is_401_with_a_challenge(text: str) -> None:
    response = by_key(text)("GET", "/organization")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="Netra Apex"'
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "invalid_api_key"


def test_nobody_is_401(acme: Organization) -> None:
    response = Client().get("/api/v1/organization")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="Netra Apex"'


def test_expired_and_revoked_keys_are_401(acme: Organization) -> None:
    now = utc_now()
    expired, revoked = factories.make_api_key(acme), factories.make_api_key(acme)
    ApiKey.objects.filter(pk=expired.api_key.pk).update(expires_at=now - timedelta(seconds=1))
    ApiKey.objects.filter(pk=revoked.api_key.pk).update(revoked_at=now)
    for key in (expired, revoked):
        assert by_key(key.text.value)("GET", "/organization").status_code == 401


def test_a_person_in_one_organization_need_not_name_it(acme: Organization) -> None:
    member = factories.make_member(acme, Role.VIEWER)
    assert by_session(member)("GET", "/organization").json()["id"] == str(acme.pk)


def test_a_person_in_two_organizations_names_one(acme: Organization) -> None:
    owner = acme.memberships.get().user
    second = create_organization(name="Second", owner=owner, at=utc_now())
    assert by_session(owner)("GET", "/organization").json()["code"] == "organization_required"
    assert by_session(owner, second)("GET", "/organization").json()["id"] == str(second.pk)


def test_a_non_member_gets_404(acme: Organization) -> None:
    stranger = factories.make_organization("Other").memberships.get().user
    response = by_session(stranger, acme)("GET", "/organization")
    assert (response.status_code, response.json()["code"]) == (404, "organization_not_found")


def test_a_session_needs_a_csrf_token_to_change_things(acme: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.memberships.get().user)
    refused = client.post("/api/v1/projects", {"name": "New"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    client.cookies["csrftoken"] = token = "t" * 32
    allowed = client.post(
        "/api/v1/projects",
        {"name": "New"},
        "application/json",
        headers={"X-CSRFToken": token},
    )
    assert allowed.status_code == 201


def test_a_database_outage_is_503_and_never_401(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_arguments: object) -> None:
        raise OperationalError("connection refused")

    key = factories.make_api_key(acme).text.value
    monkeypatch.setattr(authentication, "recognise_api_key", fail)
    response = by_key(key)("GET", "/organization")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert int(response["Retry-After"]) > 0
    assert "refused" not in response.content.decode()


def test_cursors_of_another_collection_are_refused(acme: Organization) -> None:
    call = by_key(factories.make_api_key(acme, [Permission.PROJECTS_READ]).text.value)
    forged = signing.dumps([utc_now().isoformat(), str(acme.pk)], salt="other")
    response = call("GET", f"/projects?cursor={forged}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "cursor")
