import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.tenants.models import ProviderCredential
from apps.tenants.services.credentials import reveal
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import ORGANIZATION_PAGES, World

CANARY = "sk-canary-9b1f77c2e0d84a55"


def _typed(**changes: str) -> dict[str, str]:
    return {"provider": "anthropic", "name": "Research", "secret": CANARY} | changes


def test_a_secret_is_stored_sealed_and_never_drawn(world: World, client: Client) -> None:
    sign_in(client, world.owner, is_recent=True)
    answer = client.post(path(world, "credential_create"), _typed())
    assert told(answer)[-1] == "The credential Research is stored."
    row = world.organization.credentials.get(name="Research")
    assert (reveal(row, at=utc_now()), row.hint) == (CANARY, f"…{CANARY[-4:]}")
    client.post(path(world, "credential_replace", world.credential.pk), {"secret": CANARY + "2"})
    pages = [client.get(page.url(world)).content.decode() for page in ORGANIZATION_PAGES]
    assert [page for page in pages if CANARY in page] == []


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"name": "Main", "provider": "openai"}, {"provider": "nobody"}]
)
def test_what_was_typed_as_a_secret_is_not_drawn_again(
    changes: dict[str, str], world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "credential_create"), _typed(**changes))
    assert (page.status_code, bool(form_errors(page))) == (200, True)
    assert CANARY not in page.content.decode()
    assert world.organization.credentials.count() == 1


def test_a_name_that_is_taken_is_said_to_be(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "credential_create"), _typed(name="Main", provider="openai"))
    assert form_errors(page) == {
        "__all__": ["A credential of this provider already has this name. Choose another one."]
    }


def test_a_secret_is_replaced(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "credential_replace", world.credential.pk)
    assert list(form_errors(client.post(url, {"secret": "short"}))) == ["secret"]
    assert client.post(url, {"secret": CANARY}).headers["Location"] == path(world, "credentials")
    world.credential.refresh_from_db()
    assert reveal(world.credential, at=utc_now()) == CANARY


def test_a_base_url_is_shown_and_one_that_leads_inside_is_refused(
    world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    typed = _typed(base_url="https://10.0.0.1/v1")
    page = client.post(path(world, "credential_create"), typed)
    assert list(form_errors(page)) == ["base_url"]
    client.post(path(world, "credential_create"), _typed(base_url="https://93.184.216.34/v1"))
    row = world.organization.credentials.get(name="Research")
    assert row.base_url == "https://93.184.216.34/v1"
    assert row.base_url in client.get(path(world, "credentials")).content.decode()
    url = path(world, "credential_replace", row.pk)
    assert row.base_url in client.get(url).content.decode()
    client.post(url, {"secret": CANARY, "base_url": ""})
    row.refresh_from_db()
    assert row.base_url is None


def test_a_provided_credential_has_no_actions(world: World, client: Client) -> None:
    ProviderCredential.objects.update(is_platform=True)
    sign_in(client, world.owner)
    page = client.get(path(world, "credentials")).content.decode()
    assert ("Provided" in page, "Replace key" in page) == (True, False)
    url = path(world, "credential_delete", world.credential.pk)
    assert client.post(url).status_code == 409


def test_a_credential_is_deleted_after_a_question(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    url = path(world, "credential_delete", world.credential.pk)
    client.get(url)
    assert world.organization.credentials.count() == 1
    client.post(url)
    assert list(ProviderCredential.objects.all()) == [other.credential]
