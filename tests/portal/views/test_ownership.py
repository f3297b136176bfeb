from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from apps.tenants.permissions import Role
from tests.factories import PASSWORD, make_organization
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def _roles(world: World) -> dict[str, str]:
    rows = world.organization.memberships.select_related("user")
    return {row.user.email: row.role for row in rows}


def test_a_transfer_makes_the_old_owner_an_admin(world: World, client: Client) -> None:
    sign_in(client, world.owner, is_recent=True)
    answer = client.post(path(world, "ownership_transfer"), {"member": str(world.member.pk)})
    assert answer.headers["Location"] == path(world, "members")
    assert told(answer)[-1] == f"{world.member.user.email} now owns Acme."
    assert _roles(world) == {world.owner.email: Role.ADMIN, world.member.user.email: Role.OWNER}


def test_the_password_is_asked_for_first_and_the_way_goes_on(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "ownership_transfer")
    for asked in (client.get(url), client.post(url, {"member": str(world.member.pk)})):
        query = urlencode({"next": url})
        assert asked.headers["Location"] == f"{reverse('account_reauthenticate')}?{query}"
    assert _roles(world)[world.owner.email] == Role.OWNER
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": url})
    assert answer.headers["Location"] == path(world, "members")
    assert _roles(world)[world.owner.email] == Role.ADMIN


def test_a_member_of_another_organization_cannot_be_chosen(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner, is_recent=True)
    page = client.post(path(world, "ownership_transfer"), {"member": str(other.member.pk)})
    assert list(form_errors(page)) == ["member"]
    assert _roles(world)[world.owner.email] == Role.OWNER


def test_a_lone_owner_is_told_to_invite_somebody(world: World, client: Client) -> None:
    alone = make_organization("Alone", world.owner)
    sign_in(client, world.owner, is_recent=True)
    page = client.get(reverse("portal:ownership_transfer", args=[alone.slug]))
    assert "Nobody to hand over to" in page.content.decode()
