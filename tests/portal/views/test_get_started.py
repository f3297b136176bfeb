from typing import Any

import pytest
from django.test import Client

from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import Permission, Role
from apps.usage.services.ingestion import ingest_events
from tests.factories import (
    make_api_key,
    make_credential,
    make_member,
    make_organization,
    make_project,
    make_user,
)
from tests.portal.browsing import path, sign_in, told
from tests.portal.pages import World
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db
START, KEY, STATE = "/o/fresh/start/", "/o/fresh/start/key/", "/o/fresh/start/request/"


@pytest.fixture
def fresh(client: Client) -> Organization:
    """An organization in which nothing has happened, beside one that is busy; signed in."""
    other = make_organization("Busy")
    carry(other)
    organization = make_organization("Fresh", make_user("ada@fresh.test"))
    owner = organization.memberships.get().user
    sign_in(client, owner)
    return organization


def carry(organization: Organization, **fields: Any) -> str:
    call = make_event(organization, served_model="gpt-4o-mini", **fields)
    ingest_events(organization=organization, events=[call], at=AT)
    return str(call.event_id)


def pressed(organization: Organization, attempt: str = "first") -> dict[str, str]:
    return {"attempt": attempt, "project": str(organization.projects.first().pk)}  # type: ignore[union-attr]


def test_a_key_is_made_by_one_press_and_stands_in_the_code(
    fresh: Organization, client: Client
) -> None:
    assert "YOUR_NETRA_KEY" in client.get(START).content.decode()
    page = client.post(KEY, pressed(fresh))
    key = ApiKey.objects.get(organization=fresh)
    text = page.context["new"].text.value
    assert (key.name, key.scopes) == ("Get started", ["gateway.call", "organization.read"])
    assert page.content.decode().count(text) == 7  # itself and six snippets
    assert "YOUR_NETRA_KEY" not in page.content.decode()
    again = client.get(START).content.decode()
    assert client.get(KEY).headers["Location"] == START
    assert (text in again, key.hint in again, "YOUR_NETRA_KEY" in again) == (False, True, True)


def test_reloading_makes_no_second_key(fresh: Organization, client: Client) -> None:
    client.post(KEY, pressed(fresh))
    again = client.post(KEY, pressed(fresh))
    assert (again.headers["Location"], ApiKey.objects.filter(organization=fresh).count()) == (
        START,
        1,
    )
    assert told(again) == ["That key was shown once already. Lost it? Make another."]


def test_the_project_is_asked_for_where_there_are_several(
    fresh: Organization, client: Client
) -> None:
    assert "<select" not in client.get(START).content.decode()
    second = make_project(fresh, "Search")
    assert "<select" in client.get(START).content.decode()
    client.post(KEY, {"attempt": "a", "project": str(second.pk)})
    assert ApiKey.objects.get(organization=fresh).project == second
    fresh.projects.update(archived_at=AT)
    assert "Make a project first" in client.get(START).content.decode()


def test_a_project_of_another_organization_is_refused(fresh: Organization, client: Client) -> None:
    theirs = pressed(make_organization("Globex"))
    assert client.post(KEY, theirs).status_code == 200
    assert ApiKey.objects.filter(organization=fresh).count() == 0


def test_the_credential_is_asked_for_and_leads_back(fresh: Organization, client: Client) -> None:
    assert "/credentials/new/?then=start" in client.get(START).content.decode()
    typed = {"provider": "anthropic", "name": "Main", "secret": "sk-ant-0001", "base_url": ""}
    answer = client.post("/o/fresh/credentials/new/?then=start", typed)
    assert answer.headers["Location"] == START
    page = client.get(START)
    assert (page.context["providers"], page.context["api"]) == (["Anthropic"], "anthropic")


def test_only_what_may_call_models_counts_as_a_key(fresh: Organization, client: Client) -> None:
    make_credential(fresh)
    make_api_key(fresh, scopes=[Permission.ORGANIZATION_READ])
    assert client.get(START).context["keys"] == []


def test_those_who_make_no_keys_are_told_whom_to_ask(fresh: Organization, client: Client) -> None:
    sign_in(client, make_member(fresh, Role.FINANCE))
    page = client.get(START).content.decode()
    assert ("An owner, admin or developer can make a key." in page, KEY in page) == (True, False)
    assert client.post(KEY, pressed(fresh)).status_code == 403


def test_the_first_request_turns_the_page_green_and_ends_the_waiting(
    fresh: Organization, client: Client
) -> None:
    page = client.get(START).content.decode()
    assert ("Waiting for your first request" in page, 'hx-trigger="every 1s"' in page) == (
        True,
        True,
    )
    assert client.get(STATE).status_code == 204
    call = carry(fresh, total_ms=312.0)
    arrived = client.get(STATE, {"known": ""})
    assert arrived.status_code == 286  # what tells htmx to ask no more
    shown = arrived.content.decode()
    assert ("Your request arrived" in shown, f"/o/fresh/requests/{call}/" in shown) == (True, True)
    assert "hx-get" not in client.get(START).content.decode().partition('id="first-request"')[2]


def test_a_request_that_failed_says_what_to_do_and_waiting_goes_on(
    fresh: Organization, client: Client
) -> None:
    call = carry(fresh, outcome="refused", status=404, error_code="no_provider")
    failed = client.get(STATE, {"known": ""})
    assert (failed.status_code, "Add one of its provider" in failed.content.decode()) == (200, True)
    assert client.get(STATE, {"known": call}).status_code == 204
    assert 'hx-trigger="every 1s"' in client.get(START).content.decode()


def test_the_navigation_leads_there_until_a_call_has_passed(
    fresh: Organization, client: Client
) -> None:
    link = 'data-shortcut="g"'
    assert link in client.get("/o/fresh/").content.decode()
    carry(fresh, kind="import")
    assert link in client.get("/o/fresh/").content.decode()
    carry(fresh)
    assert link not in client.get("/o/fresh/").content.decode()
    assert client.get(START).status_code == 200


def test_a_page_that_is_not_there_still_has_its_frame(fresh: Organization, client: Client) -> None:
    absent = client.get("/o/fresh/requests/01a1febb-f219-75c7-91d7-fc121b245904/")
    assert absent.status_code == 404


def test_nobody_else_sees_whether_a_request_came(world: World, fresh: Organization) -> None:
    stranger = sign_in(Client(), world.owner)
    assert [stranger.get(address).status_code for address in (START, STATE)] == [404, 404]
    assert stranger.post(KEY, pressed(fresh)).status_code == 404
    assert stranger.get(path(world, "get_started")).context["has_arrived"] is True
