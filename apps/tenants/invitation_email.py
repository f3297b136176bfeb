"""The e-mail that invites somebody, as text and HTML."""

from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from apps.tenants.models import Invitation
from apps.tenants.services.members import open_sealed_token


def send_invitation(invitation: Invitation, *, sealed_token: str, at: datetime) -> bool:
    """Send `invitation` unless it was used or withdrawn meanwhile; returns whether it was sent."""
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= at:
        return False
    token = open_sealed_token(invitation, sealed_token, at=at)
    context = {
        "organization_name": invitation.organization.name,
        "inviter": _inviter(invitation),
        "role": invitation.role,
        "accept_url": urljoin(settings.PORTAL_URL, f"/invitations/{token}/"),
        "expires_at": invitation.expires_at,
    }
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string("email/invitation_subject.txt", context).split()),
        body=render_to_string("email/invitation.txt", context),
        to=[invitation.email],
    )
    message.attach_alternative(render_to_string("email/invitation.html", context), "text/html")
    message.send()
    return True


def _inviter(invitation: Invitation) -> str:
    # An API key may invite as well, and so did people whose account is gone.
    return invitation.invited_by.display_name if invitation.invited_by else "A colleague"
