from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.kernel.clock import utc_now
from apps.tenants.models import Invitation
from apps.tenants.permissions import Role
from apps.tenants.services import members
from tests.factories import make_invitation, make_user
from tests.portal.browsing import path, sign_in, told
from tests.portal.pages import World, make_world


def _accept(client: Client, token: str) -> int:
    return client.post(reverse("portal:invitation_accept", args=[token])).status_code


def test_the_addressee_joins_with_the_invited_role(
    world: World, other: World, client: Client
) -> None:
    grace = make_user(world.invitation.email)
    sign_in(client, grace)
    page = client.get(f"/invitations/{world.token}/").content.decode()
    assert "Join Acme" in page
    answer = client.post(f"/invitations/{world.token}/accept/")
    assert answer.headers["Location"] == path(world, "home")
    assert told(answer) == ["Welcome to Acme."]
    assert [(row.organization, row.role) for row in grace.memberships.all()] == [
        (world.organization, Role.DEVELOPER)
    ]


def test_an_invitation_works_once(world: World, client: Client) -> None:
    grace = make_user(world.invitation.email)
    sign_in(client, grace)
    assert (_accept(client, world.token), _accept(client, world.token)) == (302, 410)
    assert client.get(f"/invitations/{world.token}/").status_code == 410
    assert grace.memberships.count() == 1


def test_another_address_is_told_so_and_joins_nothing(world: World, client: Client) -> None:
    mallory = make_user("mallory@evil.test")
    sign_in(client, mallory)
    page = client.get(f"/invitations/{world.token}/").content.decode()
    assert "You are signed in with another address" in page
    assert _accept(client, world.token) == 403
    assert mallory.memberships.count() == 0


@pytest.mark.parametrize(
    ("has_account", "offer"), [(True, "/accounts/login/"), (False, "/signup/")]
)
def test_the_signed_out_are_offered_what_comes_next(
    has_account: bool, offer: str, world: World, client: Client
) -> None:
    if has_account:
        make_user(world.invitation.email)
    page = client.get(f"/invitations/{world.token}/").content.decode()
    assert offer in page
    answer = client.post(f"/invitations/{world.token}/accept/")
    assert answer.headers["Location"].startswith(reverse("account_login"))


def test_signing_in_comes_back_to_the_invitation(world: World, client: Client) -> None:
    make_user(world.invitation.email)
    here = f"/invitations/{world.token}/"
    answer = client.post(
        reverse("account_login"),
        {"login": world.invitation.email, "password": "correct horse battery", "next": here},
    )
    assert answer.headers["Location"] == here


def test_an_expired_or_unknown_invitation_is_gone(world: World, client: Client) -> None:
    late = make_invitation(world.organization, "l@acme.test", at=utc_now() - timedelta(days=8))
    for token in (late.token, "unknown"):
        page = client.get(f"/invitations/{token}/")
        assert (page.status_code, "Ask for a new one" in page.content.decode()) == (410, True)


def test_declining_leads_to_a_sign_up_of_ones_own(world: World, client: Client) -> None:
    client.get(f"/invitations/{world.token}/")
    client.post(reverse("portal:invitation_decline"))
    form = client.get(reverse("account_signup")).context["form"]
    assert "organization_name" in form.fields


@pytest.mark.django_db(transaction=True)
def test_of_two_acceptances_at_once_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world("Acme")
    grace = make_user(world.invitation.email)
    both_saw_it_open, look = Barrier(2, timeout=20), members.open_invitation

    def look_together(*, token: str, at: datetime) -> Invitation:
        found = look(token=token, at=at)
        both_saw_it_open.wait()
        return found

    monkeypatch.setattr(members, "open_invitation", look_together)

    def accept(client: Client) -> int:
        try:
            return _accept(client, world.token)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        clients = [sign_in(Client(), grace), sign_in(Client(), grace)]
        assert sorted(pool.map(accept, clients)) == [302, 410]
    assert grace.memberships.count() == 1
