"""Nobody gets more than they hold, by any operation."""

import pytest

from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES, ROLE_PERMISSIONS, Permission, Role
from tests import factories
from tests.api.callers import Caller, by_key, by_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme", factories.make_user())


def _key_body(organization: Organization, *scopes: str) -> dict[str, object]:
    return {
        "project_id": str(organization.projects.get().pk),
        "name": "New",
        "scopes": list(scopes),
    }


def _answer(call: Caller, method: str, path: str, body: object = None) -> tuple[int, str | None]:
    response = call(method, path, body)
    return response.status_code, response.json().get("code") if response.content else None


def test_a_developer_mints_keys_up_to_the_own_permissions(acme: Organization) -> None:
    call = by_session(factories.make_member(acme, Role.DEVELOPER))
    refused = _answer(call, "POST", "/keys", _key_body(acme, "credentials.write"))
    assert refused == (403, "grant_refused")
    everything = sorted(ROLE_PERMISSIONS[Role.DEVELOPER] & KEY_SCOPES)
    assert _answer(call, "POST", "/keys", _key_body(acme, *everything)) == (201, None)


def test_a_key_mints_keys_up_to_its_own_scopes(acme: Organization) -> None:
    scopes = [Permission.KEYS_WRITE, Permission.GATEWAY_CALL]
    call = by_key(factories.make_api_key(acme, scopes).text.value)
    refused = _answer(call, "POST", "/keys", _key_body(acme, "gateway.call", "keys.read"))
    assert refused == (403, "grant_refused")
    assert _answer(call, "POST", "/keys", _key_body(acme, "gateway.call")) == (201, None)


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PATCH", "", {"name": "Mine"}),
        ("POST", "/revoke", {}),
        ("POST", "/rotate", {"overlap_seconds": 60}),
    ],
)
def test_a_key_leaves_stronger_keys_alone(
    acme: Organization, method: str, suffix: str, body: object
) -> None:
    weak, equal, strong = (
        factories.make_api_key(acme, scopes)
        for scopes in (
            [Permission.KEYS_WRITE],
            [Permission.KEYS_WRITE],
            [Permission.KEYS_WRITE, Permission.CREDENTIALS_WRITE],
        )
    )
    call = by_key(weak.text.value)
    path = f"/keys/{strong.api_key.pk}{suffix}"
    assert _answer(call, method, path, body) == (403, "grant_refused")
    assert by_key(strong.text.value)("GET", "/keys").status_code == 403  # still works, no scope
    assert call(method, f"/keys/{equal.api_key.pk}{suffix}", body).status_code < 300


def test_a_key_invites_up_to_its_own_scopes(acme: Organization) -> None:
    scopes = [Permission.MEMBERS_INVITE, *ROLE_PERMISSIONS[Role.VIEWER] & KEY_SCOPES]
    call = by_key(factories.make_api_key(acme, scopes).text.value)
    for role, expected in [("admin", 403), ("developer", 403), ("viewer", 201)]:
        body = {"email": f"{role}@b.test", "role": role}
        assert call("POST", "/invitations", body).status_code == expected


def test_a_key_neither_raises_nor_lowers_nor_removes_stronger_members(acme: Organization) -> None:
    scopes = [
        Permission.MEMBERS_UPDATE,
        Permission.MEMBERS_REMOVE,
        *ROLE_PERMISSIONS[Role.FINANCE] & KEY_SCOPES,
    ]
    call = by_key(factories.make_api_key(acme, scopes).text.value)
    admin = factories.make_member(acme, Role.ADMIN).memberships.get()
    viewer = factories.make_member(acme, Role.VIEWER).memberships.get()
    raised = _answer(call, "PATCH", f"/members/{viewer.pk}", {"role": "admin"})
    lowered = _answer(call, "PATCH", f"/members/{admin.pk}", {"role": "viewer"})
    removed = _answer(call, "DELETE", f"/members/{admin.pk}")
    assert [raised, lowered, removed] == [(403, "grant_refused")] * 3
    assert _answer(call, "PATCH", f"/members/{viewer.pk}", {"role": "finance"}) == (200, None)
    assert _answer(call, "DELETE", f"/members/{viewer.pk}") == (204, None)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_the_owner_stays_and_nobody_becomes_one(acme: Organization, role: Role) -> None:
    owner = acme.memberships.get()
    call = by_session(owner.user if role == Role.OWNER else factories.make_member(acme, role), acme)
    assert _answer(call, "DELETE", f"/members/{owner.pk}") == (409, "owner_stays")
    lowered = _answer(call, "PATCH", f"/members/{owner.pk}", {"role": "viewer"})
    assert lowered == (409, "owner_stays")
    viewer = factories.make_member(acme, Role.VIEWER).memberships.get()
    made = _answer(call, "PATCH", f"/members/{viewer.pk}", {"role": "owner"})
    assert made == (400, "invalid_request")
    assert acme.memberships.get(role=Role.OWNER) == owner


def test_an_admin_makes_admins(acme: Organization) -> None:
    call = by_session(factories.make_member(acme, Role.ADMIN))
    viewer = factories.make_member(acme, Role.VIEWER).memberships.get()
    assert _answer(call, "PATCH", f"/members/{viewer.pk}", {"role": "admin"}) == (200, None)
