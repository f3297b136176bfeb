"""The page that asks before something is lost; it works without a script."""

from collections.abc import Sequence

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.portal.access import PortalRequest


def ask(
    request: PortalRequest,
    *,
    title: str,
    text: str,
    consequences: Sequence[str] = (),
    button: str,
    back_to: str,
    back_query: str = "",
    form: BaseForm | None = None,
    style: str = "danger",
) -> HttpResponse:
    """A page whose one button posts to the same address; `back_to` names the view to go back to.

    style: danger for what is lost, primary for what can be turned back.
    """
    context = {
        "title": title,
        "text": text,
        "consequences": consequences,
        "button": button,
        "back_url": reverse(f"portal:{back_to}", args=[request.actor.organization.slug])
        + back_query,
        "form": form,
        "style": style,
    }
    return render(request, "portal/confirm.html", context)
