from django.test import Client

from tests.factories import make_api_key, make_user
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World


def test_counts_are_of_this_organization(world: World, other: World, client: Client) -> None:
    make_api_key(other.organization)
    sign_in(client, world.owner)
    page = client.get(path(world, "home"))
    assert page.context["counts"] == {
        "members": 2,
        "invitations": 1,
        "projects": 2,
        "keys": 1,
        "credentials": 1,
    }


def test_a_new_organization_is_told_what_to_do(db: None, client: Client) -> None:
    user = make_user()
    sign_in(client, user)
    client.post("/o/new/", {"name": "Fresh"})
    page = client.get("/o/fresh/").content.decode()
    assert page.count(">To do<") == 4
    assert "http://localhost:8001/v1" in page
    assert "/o/fresh/start/" in page


def test_steps_that_were_taken_say_so(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.get(path(world, "home")).content.decode()
    assert (page.count(">Done<"), page.count(">To do<")) == (4, 0)


def test_a_viewer_is_told_whom_to_ask(world: World, client: Client) -> None:
    sign_in(client, world.member.user)
    page = client.get(path(world, "home")).content.decode()
    assert page.count("An owner or admin can do this.") == 2
    assert path(world, "key_create") not in page
