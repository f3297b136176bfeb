"""What levers would have saved on an imported log."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.attribution.selectors import import_report
from apps.kernel.clock import utc_now
from apps.portal.access import PortalRequest, portal_view
from apps.portal.estimates import estimate_context
from apps.tenants.permissions import Permission
from apps.tenants.plans import plan_of, price_of
from apps.tenants.selectors import entitlements
from apps.usage.imports.selectors import import_of


@portal_view(Permission.USAGE_READ)
def import_report_page(request: PortalRequest, import_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    known = entitlements(organization, at=utc_now())
    row, report, price = import_of(import_id), import_report(import_id), price_of(known)
    share_url = reverse("portal:proof_link_create", args=[organization.slug])
    share = {"label": "Share", "url": f"{share_url}?import={row.pk}"}
    context = {
        "row": row,
        "plan": plan_of(known),
        "actions": [share] if request.actor.may(Permission.PROOF_SHARE) else [],
        **estimate_context(report, report.plan_return(price) if price else None),
    }
    return render(request, "portal/imports/report.html", context)
