"""Name, time zone and currency of an organization."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.organizations import SettingsForm
from apps.tenants.permissions import Permission
from apps.tenants.plans import plan_of
from apps.tenants.selectors import entitlements
from apps.tenants.services.organizations import update_organization


@portal_view(Permission.ORGANIZATION_READ)
def settings_page(request: PortalRequest) -> HttpResponse:
    plan = plan_of(entitlements(request.actor.organization, at=utc_now()))
    return render(request, "portal/settings/page.html", {"plan": plan})


@portal_view(Permission.ORGANIZATION_UPDATE, methods=FORM)
def settings_edit(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    form = SettingsForm(
        request.POST or None,
        initial={
            "name": organization.name,
            "time_zone": organization.time_zone,
            "currency": organization.currency,
        },
    )
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            update_organization(organization=organization, **form.cleaned_data)
            messages.success(request, "The settings are saved.")
            return redirect("portal:settings", slug=organization.slug)
    return render(request, "portal/settings/edit.html", {"form": form})
