"""The invitation that somebody followed, kept in the session through sign-up."""

from datetime import datetime

from django.http import HttpRequest

from apps.tenants.models import Invitation
from apps.tenants.services.members import InvitationUnusable, open_invitation

SESSION_KEY = "invitation"


def keep_token(request: HttpRequest, token: str) -> None:
    request.session[SESSION_KEY] = token


def kept_token(request: HttpRequest) -> str:
    """The token that `keep_token` kept, "" for none."""
    return str(request.session.get(SESSION_KEY, ""))


def forget_token(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def kept_invitation(request: HttpRequest, *, at: datetime) -> Invitation | None:
    """The invitation that the kept token still opens."""
    token = kept_token(request)
    if not token:
        return None
    try:
        return open_invitation(token=token, at=at)
    except InvitationUnusable:
        return None
