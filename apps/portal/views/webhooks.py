"""Webhook endpoints. A secret is in one answer to one POST, and nowhere else."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.notices.models import WebhookEndpoint
from apps.notices.selectors import deliveries, endpoints
from apps.notices.services.deliveries import ping_endpoint, redeliver
from apps.notices.services.endpoints import (
    NewSecret,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
)
from apps.portal.access import FORM, WRITE, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.keys import OnceForm
from apps.portal.forms.webhooks import NewWebhookForm, SecretRotationForm, WebhookForm
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.permissions import Permission


@portal_view(Permission.WEBHOOKS_READ)
def webhook_page(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = _endpoint(request, endpoint_id)
    page = page_of(deliveries(request.actor.organization).filter(endpoint=endpoint), request)
    rows = [(row, row.attempts.all()[:1]) for row in page.rows]
    context = {"endpoint": endpoint, "page": page, "rows": rows}
    return render(request, "portal/alerts/webhook.html", context)


@portal_view(Permission.WEBHOOKS_WRITE, methods=FORM)
def webhook_create(request: PortalRequest) -> HttpResponse:
    form = NewWebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _is_repeated(request, form):
            return _shown_already(request)
        with shown_in(form, "url"):
            new = create_endpoint(
                organization=request.actor.organization, at=utc_now(), **_typed(form)
            )
            return _show_once(request, new)
    return render(request, "portal/alerts/webhook_form.html", {"form": form})


@portal_view(Permission.WEBHOOKS_WRITE, methods=FORM)
def webhook_edit(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = _endpoint(request, endpoint_id)
    said = {name: getattr(endpoint, name) for name in ("url", "kinds", "description")}
    form = WebhookForm(request.POST or None, initial=said)
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "url"):
            change_endpoint(
                organization=request.actor.organization, endpoint_id=endpoint_id, **_typed(form)
            )
            messages.success(request, "The webhook is changed.")
            return _to_page(request, endpoint_id)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "portal/alerts/webhook_form.html", context)


@portal_view(Permission.WEBHOOKS_WRITE, methods=FORM)
def webhook_rotate(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint, form = _endpoint(request, endpoint_id), SecretRotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _is_repeated(request, form):
            return _shown_already(request)
        new = rotate_secret(
            organization=request.actor.organization,
            endpoint_id=endpoint_id,
            overlap=form.overlap,
            at=utc_now(),
        )
        return _show_once(request, new)
    return render(
        request, "portal/alerts/webhook_rotate.html", {"form": form, "endpoint": endpoint}
    )


@portal_view(Permission.WEBHOOKS_WRITE, methods=FORM)
def webhook_delete(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    endpoint = _endpoint(request, endpoint_id)
    if request.method == "POST":
        delete_endpoint(organization=request.actor.organization, endpoint_id=endpoint_id)
        messages.success(request, f"The webhook to {endpoint.url} is deleted.")
        return _to_list(request)
    return ask(
        request,
        title="Delete the webhook",
        text=f"Nothing is sent to {endpoint.url} any more.",
        consequences=["The log of what was sent to it is deleted too.", "This cannot be undone."],
        button="Delete webhook",
        back_to="alerts",
    )


@portal_view(Permission.WEBHOOKS_WRITE, methods=WRITE)
def webhook_switch(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    """Turn an endpoint on when it is off, and off when it is on."""
    organization = request.actor.organization
    if _endpoint(request, endpoint_id).disabled_at:
        enable_endpoint(organization=organization, endpoint_id=endpoint_id)
        messages.success(request, "The webhook is on. Send again what it missed.")
    else:
        disable_endpoint(organization=organization, endpoint_id=endpoint_id, at=utc_now())
        messages.success(request, "The webhook is off.")
    return _to_page(request, endpoint_id)


@portal_view(Permission.WEBHOOKS_WRITE, methods=WRITE)
def webhook_ping(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    ping_endpoint(organization=request.actor.organization, endpoint_id=endpoint_id, at=utc_now())
    messages.success(request, "A test message is on its way. Reload to see the answer.")
    return _to_page(request, endpoint_id)


@portal_view(Permission.WEBHOOKS_WRITE, methods=WRITE)
def delivery_redeliver(request: PortalRequest, delivery_id: UUID) -> HttpResponse:
    row = redeliver(organization=request.actor.organization, delivery_id=delivery_id, at=utc_now())
    messages.success(request, "The message is on its way again. Reload to see the answer.")
    return _to_page(request, row.endpoint_id)


def _endpoint(request: PortalRequest, endpoint_id: UUID) -> WebhookEndpoint:
    return endpoints(request.actor.organization).get(pk=endpoint_id)


def _typed(form: WebhookForm) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in ("url", "kinds", "description")}


def _show_once(request: PortalRequest, new: NewSecret) -> HttpResponse:
    # No redirect: a page to redirect to would have to keep the text somewhere.
    context = {"endpoint": new.endpoint, "secret": new.secret}
    return render(request, "portal/alerts/secret_once.html", context)


def _is_repeated(request: PortalRequest, form: OnceForm) -> bool:
    """Whether this form was sent before: somebody reloaded the page that shows the secret."""
    attempt = form.cleaned_data["attempt"]
    is_repeated: bool = request.session.get("last_webhook_attempt") == attempt
    request.session["last_webhook_attempt"] = attempt
    return is_repeated


def _shown_already(request: PortalRequest) -> HttpResponse:
    messages.warning(request, "That secret was shown once already. Lost it? Rotate it.")
    return _to_list(request)


def _to_page(request: PortalRequest, endpoint_id: UUID) -> HttpResponse:
    slug = request.actor.organization.slug
    return redirect("portal:webhook", slug=slug, endpoint_id=endpoint_id)


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:alerts", slug=request.actor.organization.slug)
