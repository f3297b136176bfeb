"""Provider credentials; only their last four characters are ever shown."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.credentials import CredentialForm, SecretForm
from apps.portal.forms.errors import shown_in
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.permissions import Permission
from apps.tenants.selectors import credentials
from apps.tenants.services.credentials import (
    PROVIDERS,
    delete_credential,
    replace_secret,
    store_credential,
)

FIELDS = {"base_url_refused": "base_url"}


@portal_view(Permission.CREDENTIALS_READ)
def credential_list(request: PortalRequest) -> HttpResponse:
    page = page_of(credentials(request.actor.organization), request)
    rows = [(row, PROVIDERS.get(row.provider, row.provider)) for row in page.rows]
    return render(request, "portal/credentials/list.html", {"page": page, "rows": rows})


@sensitive_post_parameters("secret")
@portal_view(Permission.CREDENTIALS_WRITE, methods=FORM)
def credential_create(request: PortalRequest) -> HttpResponse:
    form = CredentialForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form, by_code=FIELDS):
            row = store_credential(
                organization=request.actor.organization, **form.cleaned_data, at=utc_now()
            )
            messages.success(request, f"The credential {row.name} is stored.")
            return _onwards(request)
    return render(request, "portal/credentials/create.html", {"form": form})


@sensitive_post_parameters("secret")
@portal_view(Permission.CREDENTIALS_WRITE, methods=FORM)
def credential_replace(request: PortalRequest, credential_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    row = credentials(organization).get(pk=credential_id)
    address = {"base_url": row.base_url, "api_version": row.api_version}
    form = SecretForm(request.POST or None, initial=address)
    if request.method == "POST" and form.is_valid():
        with shown_in(form, "secret", by_code=FIELDS):
            replace_secret(
                organization=organization,
                credential_id=credential_id,
                at=utc_now(),
                **form.cleaned_data,
            )
            messages.success(request, f"The credential {row.name} has its new key.")
            return _to_list(request)
    return render(request, "portal/credentials/replace.html", {"form": form, "credential": row})


@portal_view(Permission.CREDENTIALS_WRITE, methods=FORM)
def credential_delete(request: PortalRequest, credential_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    row = credentials(organization).get(pk=credential_id)
    if request.method == "POST":
        delete_credential(organization=organization, credential_id=credential_id)
        messages.success(request, f"The credential {row.name} is deleted.")
        return _to_list(request)
    provider = PROVIDERS.get(row.provider, row.provider)
    return ask(
        request,
        title="Delete the credential",
        text=f"The {provider} credential {row.name} ({row.hint}) is forgotten for good.",
        consequences=[f"Calls to {provider} that need it are refused."],
        button="Delete credential",
        back_to="credentials",
    )


def _onwards(request: PortalRequest) -> HttpResponse:
    """Back to where somebody came from: the list, or the first steps."""
    if request.GET.get("then") == "start":
        return redirect("portal:get_started", slug=request.actor.organization.slug)
    return _to_list(request)


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:credentials", slug=request.actor.organization.slug)
