"""Invite, join, change roles, leave and remove."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.kernel.errors import NetraError
from apps.tenants import jobs
from apps.tenants.models import Invitation, Membership, Organization, User
from apps.tenants.permissions import ROLE_PERMISSIONS, Permission, Role, require_covered
from apps.tenants.services.data_keys import data_key
from apps.tenants.services.seats import require_seat
from apps.tenants.vault import binding, seal, unseal

INVITATION_LIFETIME = timedelta(days=7)


class InvitationUnusable(NetraError):
    code = "invitation_unusable"
    http_status = 410
    message = "This invitation was used, withdrawn or has expired. Ask for a new one."


class InvitationForSomebodyElse(NetraError):
    code = "invitation_for_somebody_else"
    http_status = 403


class AlreadyMember(NetraError):
    code = "already_member"
    http_status = 409
    message = "This person is a member already. Change the role on the members page."


class OwnerStays(NetraError):
    code = "owner_stays"
    http_status = 409
    message = "The owner can neither leave nor lose the role. Transfer the ownership first."


class RoleNotGiven(NetraError):
    code = "role_not_given"
    http_status = 400
    message = "Nobody becomes owner by a change of role. Transfer the ownership instead."


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation and its token, which is not stored in clear and cannot be read again."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite_member(
    *,
    organization: Organization,
    email: str,
    role: Role,
    granted_by: frozenset[Permission],
    invited_by: User | None,
    at: datetime,
) -> Invited:
    """Invite `email`; an older open invitation of the same address is replaced.

    granted_by: what the caller may do; the role must not be stronger. The e-mail goes out once
    the transaction commits. Raises AlreadyMember, RoleNotGiven, GrantRefused,
    PlanLimitReached.
    """
    email = email.strip().lower()
    _check_given(role, granted_by=granted_by)
    if organization.memberships.filter(user__email__iexact=email).exists():
        raise AlreadyMember
    require_seat(organization=organization, email=email, at=at)
    organization.invitations.filter(email=email, accepted_at=None, revoked_at=None).update(
        revoked_at=at
    )
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        token_digest=token_digest(token),
        invited_by=invited_by,
        created_at=at,
        expires_at=at + INVITATION_LIFETIME,
    )
    _enqueue_invitation_email(invitation, token, at=at)
    return Invited(invitation, token)


def _enqueue_invitation_email(invitation: Invitation, token: str, *, at: datetime) -> None:
    # The token opens a membership: on its way through outbox and broker it travels sealed.
    organization = invitation.organization
    sealed = seal(
        data_key(organization, at=at), token.encode(), bound_to=_binding(invitation)
    ).hex()
    jobs.enqueue(
        "tenants.send_invitation",
        organization=organization,
        at=at,
        invitation_id=str(invitation.pk),
        sealed_token=sealed,
    )


def open_sealed_token(invitation: Invitation, sealed_token: str, *, at: datetime) -> str:
    """The token that `invite_member` sealed for the e-mail task."""
    key = data_key(invitation.organization, at=at)
    return unseal(key, bytes.fromhex(sealed_token), bound_to=_binding(invitation)).decode()


def revoke_invitation(*, organization: Organization, invitation_id: UUID, at: datetime) -> None:
    """Withdraw an open invitation. Raises Invitation.DoesNotExist."""
    invitation = organization.invitations.get(pk=invitation_id, accepted_at=None, revoked_at=None)
    invitation.revoked_at = at
    invitation.save(update_fields=["revoked_at"])


def open_invitation(*, token: str, at: datetime) -> Invitation:
    """The invitation that `token` opens. Raises InvitationUnusable."""
    invitation = (
        Invitation.objects.select_related("organization")
        .filter(token_digest=token_digest(token), accepted_at=None, revoked_at=None)
        .filter(expires_at__gt=at, organization__closed_at=None)
        .first()
    )
    if invitation is None:
        raise InvitationUnusable
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, user: User, at: datetime) -> Membership:
    """Make `user`, whose address must be the invited one, a member.

    Raises InvitationUnusable, InvitationForSomebodyElse.
    """
    invitation = open_invitation(token=token, at=at)
    if user.email.lower() != invitation.email:
        raise InvitationForSomebodyElse(
            f"This invitation is for {invitation.email}. Sign out, then sign in with that address."
        )
    # Of two acceptances at once, only one finds the row still open.
    claimed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not claimed.update(accepted_at=at):
        raise InvitationUnusable
    membership, _ = Membership.objects.get_or_create(
        organization=invitation.organization,
        user=user,
        defaults={"role": invitation.role, "joined_at": at},
    )
    return membership


@transaction.atomic
def change_role(
    *,
    organization: Organization,
    membership_id: UUID,
    role: Role,
    granted_by: frozenset[Permission],
) -> Membership:
    """Give a member another role.

    granted_by: what the caller may do; neither the old nor the new role may be stronger.
    Raises Membership.DoesNotExist, OwnerStays, RoleNotGiven, GrantRefused.
    """
    _check_given(role, granted_by=granted_by)
    membership = _locked_non_owner(organization, membership_id, granted_by=granted_by)
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def remove_member(
    *, organization: Organization, membership_id: UUID, granted_by: frozenset[Permission]
) -> None:
    """End a membership, also one's own.

    granted_by: what the caller may do; the member's role must not be stronger.
    Raises Membership.DoesNotExist, OwnerStays, GrantRefused.
    """
    _locked_non_owner(organization, membership_id, granted_by=granted_by).delete()


def token_digest(token: str) -> str:
    """SHA-256 of an invitation's token, in hex; the token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _locked_non_owner(
    organization: Organization, membership_id: UUID, *, granted_by: frozenset[Permission]
) -> Membership:
    membership = organization.memberships.select_for_update().get(pk=membership_id)
    if membership.role == Role.OWNER:
        raise OwnerStays
    require_covered(ROLE_PERMISSIONS[Role(membership.role)], granted_by=granted_by)
    return membership


def _check_given(role: Role, *, granted_by: frozenset[Permission]) -> None:
    if role == Role.OWNER:
        raise RoleNotGiven
    require_covered(ROLE_PERMISSIONS[role], granted_by=granted_by)


def _binding(invitation: Invitation) -> bytes:
    return binding(invitation.organization_id, f"invitation:{invitation.pk}")
