"""Members of an organization, and the invitations it has open."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, WRITE, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.members import InvitationForm, RoleForm
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.permissions import Permission, Role
from apps.tenants.selectors import members, open_invitations
from apps.tenants.services.members import (
    change_role,
    invite_member,
    remove_member,
    revoke_invitation,
)

# More open invitations than this are reached as the older ones are used, withdrawn or expire.
MOST_INVITATIONS = 100


@portal_view(Permission.MEMBERS_READ)
def member_list(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    invitations = open_invitations(organization, at=utc_now())
    context = {
        "page": page_of(members(organization), request),
        "invitations": list(invitations[:MOST_INVITATIONS]),
    }
    return render(request, "portal/members/list.html", context)


@portal_view(Permission.MEMBERS_UPDATE, methods=FORM)
def member_role(request: PortalRequest, membership_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    membership = members(organization).get(pk=membership_id)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        with shown_in(form):
            change_role(
                organization=organization,
                membership_id=membership_id,
                role=role,
                granted_by=request.actor.permissions,
            )
            messages.success(request, f"{membership.user.display_name} is now {role}.")
            return _to_list(request)
    return render(request, "portal/members/role.html", {"form": form, "membership": membership})


@portal_view(Permission.MEMBERS_REMOVE, methods=FORM)
def member_remove(request: PortalRequest, membership_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    membership = members(organization).get(pk=membership_id)
    if membership == request.actor.membership:
        return redirect("portal:leave", slug=organization.slug)
    if request.method == "POST":
        remove_member(
            organization=organization,
            membership_id=membership_id,
            granted_by=request.actor.permissions,
        )
        messages.success(request, f"{membership.user.display_name} is no longer a member.")
        return _to_list(request)
    return ask(
        request,
        title="Remove the member",
        text=f"{membership.user.display_name} loses access to {organization.name} at once.",
        consequences=["Keys this person made keep working until you revoke them."],
        button="Remove member",
        back_to="members",
    )


@portal_view(Permission.ORGANIZATION_LEAVE, methods=FORM)
def leave(request: PortalRequest) -> HttpResponse:
    organization, membership = request.actor.organization, request.actor.membership
    if request.method == "POST" and membership:
        remove_member(
            organization=organization,
            membership_id=membership.pk,
            granted_by=request.actor.permissions,
        )
        messages.success(request, f"You left {organization.name}.")
        return redirect("portal:start")
    return ask(
        request,
        title=f"Leave {organization.name}",
        text="You lose access at once. Only an owner or admin can invite you again.",
        consequences=["Keys you made keep working until somebody revokes them."],
        button="Leave",
        back_to="members",
    )


@portal_view(Permission.MEMBERS_INVITE, methods=FORM)
def invitation_create(request: PortalRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "email"):
            _invite(request, form.cleaned_data["email"], Role(form.cleaned_data["role"]))
            return _to_list(request)
    return render(request, "portal/members/invite.html", {"form": form})


@portal_view(Permission.MEMBERS_INVITE, methods=WRITE)
def invitation_resend(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Replace an invitation by a new one: only a digest of the old token exists."""
    invitations = open_invitations(request.actor.organization, at=utc_now())
    invitation = invitations.get(pk=invitation_id)
    _invite(request, invitation.email, Role(invitation.role))
    return _to_list(request)


@portal_view(Permission.MEMBERS_INVITE, methods=FORM)
def invitation_withdraw(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    organization, at = request.actor.organization, utc_now()
    invitation = open_invitations(organization, at=at).get(pk=invitation_id)
    if request.method == "POST":
        revoke_invitation(organization=organization, invitation_id=invitation_id, at=at)
        messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
        return _to_list(request)
    return ask(
        request,
        title="Withdraw the invitation",
        text=f"The link that {invitation.email} was sent stops working.",
        button="Withdraw invitation",
        back_to="members",
    )


def _invite(request: PortalRequest, email: str, role: Role) -> None:
    invited = invite_member(
        organization=request.actor.organization,
        email=email,
        role=role,
        granted_by=request.actor.permissions,
        invited_by=request.user,
        at=utc_now(),
    )
    messages.success(request, f"An invitation is on its way to {invited.invitation.email}.")


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:members", slug=request.actor.organization.slug)
