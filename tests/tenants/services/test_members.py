from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from apps.kernel.clock import utc_now
from apps.tenants.models import Invitation, Job, Membership, Organization
from apps.tenants.permissions import ROLE_PERMISSIONS, GrantRefused, Permission, Role
from apps.tenants.services.members import (
    AlreadyMember,
    InvitationForSomebodyElse,
    InvitationUnusable,
    OwnerStays,
    RoleNotGiven,
    accept_invitation,
    change_role,
    invite_member,
    open_invitation,
    remove_member,
    revoke_invitation,
)
from apps.tenants.tasks import send_invitation
from tests.factories import make_member, make_organization, make_user

pytestmark = pytest.mark.django_db
GUEST = "grace@acme.test"
ALL = frozenset(Permission)


def invite(organization: Organization, email: str = GUEST, role: Role = Role.DEVELOPER) -> str:
    return invite_member(
        organization=organization,
        email=email,
        role=role,
        granted_by=ALL,
        invited_by=None,
        at=utc_now(),
    ).token


def test_an_invitation_makes_a_member_once() -> None:
    organization, guest = make_organization(), make_user(GUEST)
    token = invite(organization, " Grace@ACME.test ")

    membership = accept_invitation(token=token, user=guest, at=utc_now())

    assert (membership.organization, membership.role) == (organization, "developer")
    with pytest.raises(InvitationUnusable):
        accept_invitation(token=token, user=guest, at=utc_now())


def test_an_invitation_is_for_its_address_only() -> None:
    organization, other = make_organization(), make_user("mallory@evil.test")
    token = invite(organization)

    with pytest.raises(InvitationForSomebodyElse, match="grace@acme.test"):
        accept_invitation(token=token, user=other, at=utc_now())

    assert not other.memberships.exists()


def test_an_expired_or_withdrawn_invitation_opens_nothing() -> None:
    organization = make_organization()
    expired = invite(organization)
    with pytest.raises(InvitationUnusable):
        open_invitation(token=expired, at=utc_now() + timedelta(days=7, seconds=1))

    revoke_invitation(
        organization=organization, invitation_id=Invitation.objects.get().pk, at=utc_now()
    )
    with pytest.raises(InvitationUnusable):
        open_invitation(token=expired, at=utc_now())


def test_a_second_invitation_replaces_the_first() -> None:
    organization = make_organization()
    first, second = invite(organization), invite(organization)

    with pytest.raises(InvitationUnusable):
        open_invitation(token=first, at=utc_now())
    assert open_invitation(token=second, at=utc_now()).email == GUEST


def test_a_member_is_not_invited_again() -> None:
    organization = make_organization()
    make_member(organization, email=GUEST)

    with pytest.raises(AlreadyMember):
        invite(organization, GUEST.upper())


def test_nobody_becomes_owner_by_invitation_or_change_of_role() -> None:
    organization = make_organization()
    member = make_member(organization).memberships.get()

    with pytest.raises(RoleNotGiven):
        invite(organization, role=Role.OWNER)
    with pytest.raises(RoleNotGiven):
        change_role(
            organization=organization, membership_id=member.pk, role=Role.OWNER, granted_by=ALL
        )


def test_the_owner_keeps_role_and_membership() -> None:
    organization = make_organization()
    owner = organization.memberships.get()

    with pytest.raises(OwnerStays):
        remove_member(organization=organization, membership_id=owner.pk, granted_by=ALL)
    with pytest.raises(OwnerStays):
        change_role(
            organization=organization, membership_id=owner.pk, role=Role.VIEWER, granted_by=ALL
        )


def test_members_of_another_organization_are_out_of_reach() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    stranger = make_member(globex, Role.ADMIN).memberships.get()
    invite(globex)

    with pytest.raises(Membership.DoesNotExist):
        remove_member(organization=acme, membership_id=stranger.pk, granted_by=ALL)
    with pytest.raises(Membership.DoesNotExist):
        change_role(organization=acme, membership_id=stranger.pk, role=Role.VIEWER, granted_by=ALL)
    with pytest.raises(Invitation.DoesNotExist):
        revoke_invitation(
            organization=acme, invitation_id=Invitation.objects.get().pk, at=utc_now()
        )


def test_the_email_holds_a_link_that_works() -> None:
    organization = make_organization("Acme")
    token = invite(organization)
    job = Job.objects.get()

    send_invitation(**job.arguments, organization_id=str(organization.pk), job_id=str(job.pk))

    (message,) = mail.outbox
    assert message.to == [GUEST]
    assert f"/invitations/{token}/" in str(message.body)
    assert "Acme" in message.subject
    assert isinstance(message, EmailMultiAlternatives)
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    assert f"/invitations/{token}/" in str(html)
    job.refresh_from_db()
    assert job.finished_at is not None


def test_the_token_is_nowhere_in_the_database() -> None:
    token = invite(make_organization())

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i::text FROM tenants_invitation i UNION ALL SELECT j::text FROM tenants_job j"
            " UNION ALL SELECT e::text FROM tenants_invitationevent e"
        )
        stored = " ".join(row[0] for row in cursor.fetchall())

    assert GUEST in stored
    assert token not in stored


def test_no_email_goes_out_for_a_withdrawn_invitation() -> None:
    organization = make_organization()
    invite(organization)
    revoke_invitation(
        organization=organization, invitation_id=Invitation.objects.get().pk, at=utc_now()
    )

    send_invitation(**Job.objects.get().arguments, organization_id=str(organization.pk))

    assert mail.outbox == []


def test_nobody_gives_or_takes_a_role_stronger_than_their_own() -> None:
    organization = make_organization()
    admin = make_member(organization, Role.ADMIN).memberships.get()
    viewer = make_member(organization, Role.VIEWER).memberships.get()
    weak = ROLE_PERMISSIONS[Role.DEVELOPER]

    with pytest.raises(GrantRefused):
        change_role(
            organization=organization,
            membership_id=viewer.pk,
            role=Role.ADMIN,
            granted_by=weak,
        )
    with pytest.raises(GrantRefused):
        remove_member(organization=organization, membership_id=admin.pk, granted_by=weak)

    roles = organization.memberships.order_by("role").values_list("role", flat=True)
    assert list(roles) == ["admin", "owner", "viewer"]
