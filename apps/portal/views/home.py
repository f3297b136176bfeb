"""The first page of an organization: what is there, and what to do next."""

from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.portal.access import PortalRequest, portal_view
from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import Permission
from apps.tenants.selectors import credentials, members, open_invitations, open_projects
from apps.usage.selectors import has_carried


@portal_view(Permission.ORGANIZATION_READ)
def home(request: PortalRequest) -> HttpResponse:
    counts = _counts(request.actor.organization, at=utc_now())
    context = {
        "counts": counts,
        "gateway_url": f"{settings.GATEWAY_URL}/v1",
        "has_carried": has_carried(),
        "has_company": counts["members"] > 1 or counts["invitations"] > 0,
    }
    return render(request, "portal/home.html", context)


def _counts(organization: Organization, *, at: datetime) -> dict[str, int]:
    return {
        "members": members(organization).count(),
        "invitations": open_invitations(organization, at=at).count(),
        "projects": open_projects(organization).count(),
        "keys": ApiKey.objects.usable(at=at).filter(organization=organization).count(),
        "credentials": credentials(organization).count(),
    }
