"""Pages of errors: honest, and drawn without what may be broken."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client, RequestFactory

from apps.kernel.errors import NetraError
from apps.portal.views import errors, home
from apps.tenants.models import Organization
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World


def _fail_with(error: Exception) -> object:
    def fail(*_arguments: object, **_named: object) -> None:
        raise error

    return fail


@pytest.fixture
def patient() -> Client:
    """A browser that gets the error page in place of the exception."""
    return Client(raise_request_exception=False)


def test_an_unknown_address_is_404(db: None, client: Client) -> None:
    page = client.get("/nowhere/")
    assert (page.status_code, "No such page" in page.content.decode()) == (404, True)


def test_a_database_that_does_not_answer_is_503(
    patient: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.cookies["sessionid"] = "0" * 32
    monkeypatch.setattr(
        SessionStore, "_get_session_from_db", _fail_with(OperationalError("connection refused"))
    )
    page = patient.get("/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert "no-store" in page.headers["Cache-Control"]
    assert "connection refused" not in page.content.decode()


def test_a_fault_of_ours_is_500_without_details(
    patient: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(patient, world.owner)
    monkeypatch.setattr(home, "_counts", _fail_with(ValueError("canary-detail")))
    page = patient.get(path(world, "home"))
    assert (page.status_code, "canary-detail" in page.content.decode()) == (500, False)


def test_a_form_without_its_token_changes_nothing(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, world.owner)
    page = strict.post(path(world, "project_create"), {"name": "Forged"})
    assert (page.status_code, "open too long" in page.content.decode()) == (403, True)
    assert not world.organization.projects.filter(name="Forged").exists()


def test_an_error_of_ours_raised_on_purpose_keeps_its_status(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, world.owner)
    monkeypatch.setattr(home, "_counts", _fail_with(NetraError()))
    page = client.get(path(world, "home"))
    assert (page.status_code, "Try again in a minute" in page.content.decode()) == (500, True)


def test_malformed_requests_are_400(rf: RequestFactory) -> None:
    page = errors.bad_request(rf.get("/"), ValueError())
    assert page.status_code == 400


def test_a_closed_organization_is_404(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    Organization.objects.filter(pk=world.organization.pk).update(closed_at="2026-01-01T00:00Z")
    assert client.get(path(world, "home")).status_code == 404
