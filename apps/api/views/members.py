"""Members and invitations."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.members import InvitationNew, InvitationOut, MemberChange, MemberOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.permissions import GrantRefused, Permission, Role
from apps.tenants.plans import PlanLimitReached
from apps.tenants.selectors import members, open_invitations
from apps.tenants.services.members import (
    AlreadyMember,
    OwnerStays,
    change_role,
    invite_member,
    remove_member,
    revoke_invitation,
)


@extend_schema(tags=["Members"])
class MembersView(OrganizationViewSet):
    declared_access = {
        "list": Permission.MEMBERS_READ,
        "partial_update": Permission.MEMBERS_UPDATE,
        "destroy": Permission.MEMBERS_REMOVE,
    }
    raises = {"partial_update": (OwnerStays, GrantRefused), "destroy": (OwnerStays, GrantRefused)}
    ordered_by = "joined_at"

    @extend_schema(operation_id="listMembers", responses=MemberOut(many=True))
    def list(self, _request: Request) -> Response:
        """List members"""
        return self.page(members(self.organization), MemberOut)

    @extend_schema(operation_id="updateMember", request=MemberChange, responses=MemberOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Change the role of a member

        Neither the old nor the new role may hold more than the caller does. Nobody becomes owner
        this way.
        """
        member = change_role(
            organization=self.organization,
            membership_id=id,
            role=Role(self.checked(MemberChange)["role"]),
            granted_by=self.actor.permissions,
        )
        return Response(MemberOut(member).data)

    @extend_schema(operation_id="removeMember", responses={204: None})
    def destroy(self, _request: Request, id: UUID) -> Response:
        """Remove a member"""
        remove_member(
            organization=self.organization,
            membership_id=id,
            granted_by=self.actor.permissions,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["Members"])
class InvitationsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.MEMBERS_READ,
        "create": Permission.MEMBERS_INVITE,
        "destroy": Permission.MEMBERS_INVITE,
    }
    raises = {"create": (AlreadyMember, GrantRefused, PlanLimitReached)}

    @extend_schema(operation_id="listInvitations", responses=InvitationOut(many=True))
    def list(self, _request: Request) -> Response:
        """List open invitations"""
        return self.page(open_invitations(self.organization, at=utc_now()), InvitationOut)

    @extend_schema(
        operation_id="createInvitation", request=InvitationNew, responses={201: InvitationOut}
    )
    @acts_once
    def create(self, _request: Request) -> Response:
        """Invite somebody by e-mail

        An older open invitation of the same address is replaced. The role may not hold more than
        the caller does.
        """
        body = self.checked(InvitationNew)
        invited = invite_member(
            organization=self.organization,
            email=body["email"],
            role=Role(body["role"]),
            granted_by=self.actor.permissions,
            invited_by=self.actor.user,
            at=utc_now(),
        )
        return Response(InvitationOut(invited.invitation).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="revokeInvitation", responses={204: None})
    def destroy(self, _request: Request, id: UUID) -> Response:
        """Withdraw an invitation"""
        revoke_invitation(organization=self.organization, invitation_id=id, at=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)
