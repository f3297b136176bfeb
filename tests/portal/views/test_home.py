from decimal import Decimal

from django.test import Client

from tests.factories import make_api_key, make_user
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World
from tests.portal.views.test_requests import carry


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
    world.credential.delete()
    sign_in(client, world.owner)
    page = client.get(path(world, "home")).content.decode()
    assert (page.count(">Done<"), page.count(">To do<")) == (0, 1)


def test_who_has_taken_all_steps_is_shown_how_it_goes(
    world: World, other: World, client: Client
) -> None:
    carry(world.organization, served_model="gpt-5", actual_usd=Decimal("1.25"),
          counterfactual_usd=Decimal("3.50"))  # fmt: skip
    carry(other.organization, served_model="canary", actual_usd=Decimal("7.77"))
    sign_in(client, world.owner)
    answer = client.get(path(world, "home"))
    page = answer.content.decode()
    told = [(stat.label, stat.value) for stat in answer.context["stats"]]
    assert told == [
        ("Spend without Netra", "$3.50"),
        ("Actual spend", "$1.25"),
        ("Proven saving", "–"),
        ("Estimated saving", "$2.25"),
    ]
    assert [row["model"] for row in answer.context["rows"]] == ["gpt-5", "gpt-4o-mini"]
    assert ("Next steps" in page, "canary" in page, "$7.77" in page) == (False, False, False)
    assert f"{path(world, 'value')}?since=" in page


def test_days_without_requests_say_so(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.get(path(world, "home")).content.decode()
    assert "Nothing was asked in these days." in page


def test_a_viewer_is_told_whom_to_ask(world: World, client: Client) -> None:
    world.credential.delete()
    sign_in(client, world.member.user)
    page = client.get(path(world, "home")).content.decode()
    assert page.count("An owner or admin can do this.") == 1
    assert path(world, "key_create") not in page
