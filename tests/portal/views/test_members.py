from datetime import timedelta

import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.tenants.models import Job, Membership
from apps.tenants.permissions import Role
from apps.tenants.services.members import open_sealed_token
from tests.factories import make_invitation, make_member
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def test_a_role_is_changed(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "member_role", world.member.pk), {"role": "developer"})
    assert answer.headers["Location"] == path(world, "members")
    world.member.refresh_from_db()
    assert world.member.role == Role.DEVELOPER


def test_nobody_becomes_owner_by_a_change_of_role(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "member_role", world.member.pk), {"role": "owner"})
    assert list(form_errors(page)) == ["role"]
    world.member.refresh_from_db()
    assert world.member.role == Role.VIEWER


def test_the_owner_keeps_role_and_membership(world: World, client: Client) -> None:
    admin = make_member(world.organization, Role.ADMIN)
    owner = world.organization.memberships.get(user=world.owner)
    sign_in(client, admin)
    page = client.post(path(world, "member_role", owner.pk), {"role": "viewer"})
    assert "Transfer the ownership first" in page.content.decode()
    refused = client.post(path(world, "member_remove", owner.pk))
    assert (refused.status_code, "Transfer" in refused.content.decode()) == (409, True)
    owner.refresh_from_db()
    assert owner.role == Role.OWNER


def test_a_member_is_removed_after_a_question(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "member_remove", world.member.pk)
    assert "Remove member" in client.get(url).content.decode()
    assert Membership.objects.filter(pk=world.member.pk).exists()
    assert client.post(url).headers["Location"] == path(world, "members")
    assert not Membership.objects.filter(pk=world.member.pk).exists()


def test_removing_oneself_is_leaving(world: World, client: Client) -> None:
    admin = make_member(world.organization, Role.ADMIN)
    membership = world.organization.memberships.get(user=admin)
    sign_in(client, admin)
    answer = client.post(path(world, "member_remove", membership.pk))
    assert answer.headers["Location"] == path(world, "leave")
    assert client.post(path(world, "leave")).headers["Location"] == "/"
    assert not world.organization.memberships.filter(user=admin).exists()


def test_an_invitation_is_written_and_mailed_after_the_commit(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(
        path(world, "invitation_create"), {"email": "Joan@Acme.test", "role": "finance"}
    )
    assert told(answer) == ["An invitation is on its way to joan@acme.test."]
    invitation = world.organization.invitations.get(email="joan@acme.test")
    job = Job.objects.get(arguments__invitation_id=str(invitation.pk))
    token = open_sealed_token(invitation, job.arguments["sealed_token"], at=utc_now())
    assert (invitation.role, invitation.invited_by) == (Role.FINANCE, world.owner)
    assert client.get(f"/invitations/{token}/").status_code == 200


def test_a_member_is_not_invited_again_and_the_typing_stays(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    typed = {"email": world.member.user.email.upper(), "role": "admin"}
    page = client.post(path(world, "invitation_create"), typed)
    assert list(form_errors(page)) == ["email"]
    assert typed["email"] in page.content.decode()


def test_sending_again_replaces_the_token(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    client.post(path(world, "invitation_resend", world.invitation.pk))
    assert client.get(f"/invitations/{world.token}/").status_code == 410
    open_rows = world.organization.invitations.filter(revoked_at=None)
    assert [(row.email, row.role) for row in open_rows] == [
        (world.invitation.email, world.invitation.role)
    ]


def test_a_withdrawn_invitation_no_longer_opens(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "invitation_withdraw", world.invitation.pk)
    assert client.get(url).status_code == 200
    client.post(url)
    assert client.get(f"/invitations/{world.token}/").status_code == 410
    assert client.post(url).status_code == 404


def test_invitations_that_ended_are_not_listed(world: World, client: Client) -> None:
    make_invitation(world.organization, "late@acme.test", at=utc_now() - timedelta(days=8))
    sign_in(client, world.owner)
    page = client.get(path(world, "members")).content.decode()
    assert (world.invitation.email in page, "late@acme.test" in page) == (True, False)


@pytest.mark.parametrize("view", ["member_role", "member_remove"])
def test_a_viewer_changes_nobody(view: str, world: World, client: Client) -> None:
    admin = make_member(world.organization, Role.ADMIN)
    membership = world.organization.memberships.get(user=admin)
    sign_in(client, world.member.user)
    answer = client.post(path(world, view, membership.pk), {"role": "viewer"})
    assert answer.status_code == 403
    membership.refresh_from_db()
    assert membership.role == Role.ADMIN
