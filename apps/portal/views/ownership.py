"""Hand an organization over to another member."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.organizations import TransferForm
from apps.portal.views.confirmation import ask
from apps.tenants.permissions import Permission
from apps.tenants.services.organizations import transfer_ownership


@portal_view(Permission.ORGANIZATION_TRANSFER, methods=FORM)
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def ownership_transfer(request: PortalRequest) -> HttpResponse:
    """Whoever finds a browser signed in must not be able to take the organization."""
    organization = request.actor.organization
    form = TransferForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            member = form.cleaned_data["member"]
            transfer_ownership(organization=organization, to_membership=member.pk)
            messages.success(request, f"{member.user.display_name} now owns {organization.name}.")
            return redirect("portal:members", slug=organization.slug)
    if not form.candidates.exists():
        return render(request, "portal/members/nobody.html")
    return ask(
        request,
        title="Transfer ownership",
        text=f"Only the new owner can give {organization.name} back to you.",
        consequences=["You become an admin.", "The new owner may remove you."],
        button="Transfer ownership",
        back_to="members",
        form=form,
    )
