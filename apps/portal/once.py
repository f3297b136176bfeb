"""Answers that are shown once, to one sending of their form."""

from apps.portal.access import PortalRequest
from apps.portal.forms.keys import OnceForm


def is_repeated(request: PortalRequest, form: OnceForm) -> bool:
    """Whether this form was sent before: somebody reloaded the page that shows the key."""
    attempt = form.cleaned_data["attempt"]
    was_sent: bool = request.session.get("last_key_attempt") == attempt
    request.session["last_key_attempt"] = attempt
    return was_sent
