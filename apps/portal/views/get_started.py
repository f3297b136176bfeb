"""From nothing to the first request: a credential, a key, a call that is seen to arrive."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django_htmx.http import HttpResponseStopPolling

from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.get_started import FirstKeyForm
from apps.portal.once import is_repeated
from apps.portal.request_figures import buckets_of
from apps.portal.snippets import PLACEHOLDER, preferred_api, snippets
from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import DEFAULT_KEY_SCOPES, Permission
from apps.tenants.selectors import credentials
from apps.tenants.services.api_keys import NewKey, create_api_key
from apps.tenants.services.credentials import PROVIDERS
from apps.usage.selectors import UsageEvent, latest_call

KEY_NAME = "Get started"
MOST_KEYS = 3
SUCCESS = "success"
# What to do about what goes wrong at first; the request's page has the rest.
ADVICE = {
    "no_provider": "No credential serves this model. Add one of its provider in step 1.",
    "provider_cannot_serve": "The provider does not speak this API. Choose the other form of call.",
    401: "The provider refused its own key. Replace the credential's key in step 1.",
    404: "The provider does not know this model. Name one that your account may call.",
    429: "The provider refused for its rate limit or your quota there. Look at your account.",
}


@portal_view(Permission.KEYS_READ)
def get_started(request: PortalRequest) -> HttpResponse:
    return _page(request, FirstKeyForm(organization=request.actor.organization))


@portal_view(Permission.KEYS_WRITE, methods=FORM)
def first_key(request: PortalRequest) -> HttpResponse:
    """Make a key by one press and show it, in the snippets, on this answer alone."""
    if request.method != "POST":  # the address of that answer, opened again
        return _to_start(request)
    form = FirstKeyForm(request.POST, organization=request.actor.organization)
    if not form.is_valid():
        return _page(request, form)
    if is_repeated(request, form):
        messages.warning(request, "That key was shown once already. Lost it? Make another.")
        return _to_start(request)
    new = create_api_key(
        project=form.cleaned_data["project"],
        name=KEY_NAME,
        scopes=DEFAULT_KEY_SCOPES,
        granted_by=request.actor.permissions,
        created_by=request.user,
        at=utc_now(),
    )
    return _page(request, FirstKeyForm(organization=request.actor.organization), new)


@portal_view(Permission.USAGE_READ)
def first_request(request: PortalRequest) -> HttpResponse:
    """What became of the newest call; 204 while it is the one that is `known`, or none."""
    call = latest_call()
    if call is None or request.GET.get("known") == str(call.pk):
        return HttpResponse(status=204)
    shown = render_to_string("portal/get_started/arrival.html", _arrival(call), request)
    return HttpResponseStopPolling(shown) if call.outcome == SUCCESS else HttpResponse(shown)


def _to_start(request: PortalRequest) -> HttpResponse:
    return redirect("portal:get_started", slug=request.actor.organization.slug)


def _page(request: PortalRequest, form: FirstKeyForm, new: NewKey | None = None) -> HttpResponse:
    organization = request.actor.organization
    stored = list(credentials(organization).values_list("provider", flat=True).distinct())
    context = {
        "form": form,
        "new": new,
        "providers": [PROVIDERS.get(each, each) for each in stored],
        "keys": _keys(organization, at=utc_now()),
        "placeholder": PLACEHOLDER,
        "api": preferred_api(tuple(stored)),
        "snippets": snippets(
            gateway_url=settings.GATEWAY_URL,
            key=new.text.value if new else PLACEHOLDER,
            providers=tuple(stored),
        ),
        **_arrival(latest_call()),
    }
    return render(request, "portal/get_started/page.html", context)


def _keys(organization: Organization, *, at: datetime) -> list[ApiKey]:
    """The newest that can call models."""
    usable = ApiKey.objects.usable(at=at).filter(organization=organization)
    mine = usable.filter(scopes__contains=[Permission.GATEWAY_CALL.value])
    return list(mine.order_by("-created_at", "-id")[:MOST_KEYS])


def _arrival(call: UsageEvent | None) -> dict[str, Any]:
    if call is None:
        return {"call": None, "has_arrived": False}
    return {
        "call": call,
        "has_arrived": call.outcome == SUCCESS,
        "model": call.served_model or call.requested_model or "",
        "tokens": buckets_of(call).total,
        "cost": "" if call.actual_usd is None else shown_usd(call.actual_usd),
        "took": "" if call.total_ms is None else f"{call.total_ms:,.0f} ms",
        "advice": ADVICE.get(call.error_code or "", ADVICE.get(call.status or 0, "")),
    }
