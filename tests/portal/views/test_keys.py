from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.tenants.models import ApiKey
from apps.tenants.permissions import Permission, Role
from apps.tenants.services.api_keys import KeyRefused, recognise_api_key
from tests.factories import make_api_key, make_member, make_project
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def _typed(world: World, **changes: object) -> dict[str, object]:
    return {
        "attempt": "first",
        "name": "Checkout",
        "project": str(world.project.pk),
        "kind": "live",
        "lifetime": "",
        "scopes": ["gateway.call", "organization.read"],
    } | changes


def _shown(page: Any) -> str:
    return str(page.context["text"])


def test_a_new_key_is_shown_once_and_works(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "key_create")
    page = client.post(url, _typed(world, lifetime="30"))
    key = recognise_api_key(text=_shown(page), at=utc_now())
    assert (key.organization, key.project, key.name) == (
        world.organization,
        world.project,
        "Checkout",
    )
    assert key.expires_at == key.created_at + timedelta(days=30)
    assert page.content.decode().count(_shown(page)) == 8  # itself, six snippets, check
    assert "no-store" in page.headers["Cache-Control"]
    assert _shown(page) not in str(dict(client.session))
    for again in (url, path(world, "keys"), path(world, "key_rotate", key.pk)):
        assert _shown(page) not in client.get(again).content.decode()


def test_reloading_the_page_that_showed_a_key_makes_no_second_one(
    world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    client.post(path(world, "key_create"), _typed(world))
    again = client.post(path(world, "key_create"), _typed(world))
    assert again.headers["Location"] == path(world, "keys")
    assert told(again) == ["That key was shown once already. Lost it? Rotate it."]
    assert ApiKey.objects.filter(name="Checkout").count() == 1


def test_a_test_key_says_so(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "key_create"), _typed(world, kind="test"))
    assert _shown(page).startswith("nap_test_")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["organization.transfer"]}, "scopes"),
        ({"kind": "other"}, "kind"),
        ({"lifetime": "99999"}, "lifetime"),
        ({"project": "not-a-project"}, "project"),
    ],
)
def test_a_wrong_field_is_named(
    changes: dict[str, object], field: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "key_create"), _typed(world, **changes))
    assert list(form_errors(page)) == [field]
    assert world.organization.api_keys.count() == 1


def test_a_project_of_another_organization_is_no_choice(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    typed = _typed(world, project=str(other.project.pk))
    page = client.post(path(world, "key_create"), typed)
    assert list(form_errors(page)) == ["project"]
    assert other.organization.api_keys.count() == 1


def test_a_developer_cannot_hand_on_more_than_a_developer_may(world: World, client: Client) -> None:
    sign_in(client, make_member(world.organization, Role.DEVELOPER))
    page = client.post(path(world, "key_create"), _typed(world, scopes=["members.invite"]))
    assert list(form_errors(page)) == ["scopes"]
    strong = make_api_key(world.organization, [Permission.MEMBERS_INVITE]).api_key
    for view in ("key_rotate", "key_rename", "key_revoke"):
        answer = client.post(path(world, view, strong.pk), {"name": "Mine", "attempt": view})
        assert answer.status_code == 403
    strong.refresh_from_db()
    assert (strong.name, strong.revoked_at) == ("Backend", None)


def test_rotation_overlaps_and_shows_the_new_key_once(world: World, client: Client) -> None:
    old = make_api_key(world.organization, project=world.project, name="Old")
    sign_in(client, world.owner)
    url = path(world, "key_rotate", old.api_key.pk)
    typed = {"attempt": "second", "overlap_hours": "24"}
    page = client.post(url, typed)
    new = recognise_api_key(text=_shown(page), at=utc_now())
    assert (new.replaces, new.name, new.scopes) == (old.api_key, "Old", old.api_key.scopes)
    at = utc_now()
    assert recognise_api_key(text=old.text.value, at=at + timedelta(hours=23)) == old.api_key
    with pytest.raises(KeyRefused):
        recognise_api_key(text=old.text.value, at=at + timedelta(hours=25))
    assert client.post(url, typed).headers["Location"] == path(world, "keys")
    assert ApiKey.objects.filter(replaces=old.api_key).count() == 1


def test_an_impossible_overlap_is_refused(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    typed = {"attempt": "third", "overlap_hours": "9999"}
    page = client.post(path(world, "key_rotate", world.key.pk), typed)
    assert list(form_errors(page)) == ["overlap_hours"]


def test_a_key_is_renamed(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "key_rename", world.key.pk), {"name": "Billing"})
    assert answer.headers["Location"] == path(world, "keys")
    world.key.refresh_from_db()
    assert world.key.name == "Billing"


def test_a_key_is_revoked_after_a_question_and_stays_listed(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "key_revoke", world.key.pk)
    client.get(url)
    world.key.refresh_from_db()
    assert world.key.revoked_at is None
    client.post(url)
    page = client.get(path(world, "keys"))
    assert [(key.pk, state) for key, state in page.context["rows"]] == [(world.key.pk, "revoked")]
    for view in ("key_revoke", "key_rename", "key_rotate"):
        assert client.get(path(world, view, world.key.pk)).status_code == 409


def test_keys_are_listed_for_one_project(world: World, other: World, client: Client) -> None:
    quiet = make_project(world.organization, "Quiet")
    sign_in(client, world.owner)
    chosen = client.get(path(world, "keys"), {"project": str(world.project.pk)})
    assert [key.pk for key, _ in chosen.context["rows"]] == [world.key.pk]
    empty = client.get(path(world, "keys"), {"project": str(quiet.pk)})
    assert "No keys in this project" in empty.content.decode()
    foreign = client.get(path(world, "keys"), {"project": str(other.project.pk)})
    assert [key.pk for key, _ in foreign.context["rows"]] == [world.key.pk]
