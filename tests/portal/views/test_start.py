from django.test import Client
from django.urls import reverse

from apps.tenants.models import Membership, Organization
from apps.tenants.permissions import Role
from tests.factories import make_organization, make_user
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def _start(client: Client) -> str:
    return client.get(reverse("portal:start")).headers["Location"]


def test_start_leads_to_the_organization_used_last(world: World, client: Client) -> None:
    second = make_organization("Zeta", world.owner)
    sign_in(client, world.owner)
    assert _start(client) == path(world, "home")
    client.get(reverse("portal:projects", args=[second.slug]))
    assert _start(client) == reverse("portal:home", args=[second.slug])


def test_start_forgets_an_organization_one_left(world: World, client: Client) -> None:
    sign_in(client, world.member.user)
    client.get(path(world, "home"))
    world.member.delete()
    assert _start(client) == reverse("portal:organization_create")


def test_an_organization_is_made_with_its_maker_as_owner(db: None, client: Client) -> None:
    user = make_user()
    sign_in(client, user)
    answer = client.post(reverse("portal:organization_create"), {"name": "Acme"})
    assert answer.headers["Location"] == "/o/acme/"
    assert told(answer) == ["Acme is ready."]
    membership = Membership.objects.get(user=user)
    assert (membership.organization.name, membership.role) == ("Acme", Role.OWNER)


def test_a_blank_name_is_refused(db: None, client: Client) -> None:
    sign_in(client, make_user())
    page = client.post(reverse("portal:organization_create"), {"name": "  "})
    assert list(form_errors(page)) == ["name"]
    assert Organization.objects.count() == 0


def test_the_switcher_lists_ones_own_organizations_only(
    world: World, other: World, client: Client
) -> None:
    make_organization("Zeta", world.owner)
    sign_in(client, world.owner)
    page = client.get(path(world, "home")).content.decode()
    assert '<a class="menu__item" href="/o/zeta/"' in page
    assert f"/o/{other.organization.slug}/" not in page
