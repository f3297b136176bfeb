"""The page an invited person arrives at."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.portal.access import WRITE, PersonalRequest, open_view
from apps.portal.invited import forget_token, keep_token
from apps.tenants.models import User
from apps.tenants.permissions import Access
from apps.tenants.services.members import accept_invitation, open_invitation


@open_view(Access.ANYONE)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Offer to accept, to sign in or to sign up, whichever comes next for this person."""
    try:
        found = open_invitation(token=token, at=utc_now())
    except NetraError as error:
        return _unusable(request, error)
    keep_token(request, token)
    context = {
        "invitation": found,
        "token": token,
        "is_addressee": request.user.is_authenticated and request.user.email.lower() == found.email,
        "has_account": User.objects.filter(email__iexact=found.email).exists(),
    }
    with timezone.override(found.organization.time_zone):
        return render(request, "portal/invitations/page.html", context)


@open_view(Access.SIGNED_IN, methods=WRITE)
def invitation_accept(request: PersonalRequest, token: str) -> HttpResponse:
    try:
        membership = accept_invitation(token=token, user=request.user, at=utc_now())
    except NetraError as error:
        return _unusable(request, error)
    forget_token(request)
    messages.success(request, f"Welcome to {membership.organization.name}.")
    return redirect("portal:home", slug=membership.organization.slug)


@open_view(Access.ANYONE, methods=WRITE)
def invitation_decline(request: HttpRequest) -> HttpResponse:
    """Forget the invitation in this browser, to sign up with an organization of one's own."""
    forget_token(request)
    return redirect("account_signup")


def _unusable(request: HttpRequest, error: NetraError) -> HttpResponse:
    forget_token(request)
    context = {"error": error}
    return render(request, "portal/invitations/unusable.html", context, status=error.http_status)
