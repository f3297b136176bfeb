"""The first page of an organization: how it goes, what is there, and what to do next."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.portal.access import PortalRequest, portal_view
from apps.portal.overview import overview
from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import Permission
from apps.tenants.selectors import credentials, members, open_invitations, open_projects
from apps.usage.selectors import SearchTooWide, has_carried


@portal_view(Permission.ORGANIZATION_READ)
def home(request: PortalRequest) -> HttpResponse:
    actor, at, is_carrying = request.actor, utc_now(), has_carried()
    counts = _counts(actor.organization, at=at)
    context: dict[str, Any] = {
        "counts": counts,
        "gateway_url": f"{settings.GATEWAY_URL}/v1",
        "has_carried": is_carrying,
        "has_company": counts["members"] > 1 or counts["invitations"] > 0,
    }
    context["is_set_up"] = is_carrying and context["has_company"] and _may_call(counts)
    if is_carrying and actor.may(Permission.USAGE_READ):
        with suppress(SearchTooWide):  # the pages of usage say how to narrow it
            context |= overview(actor.organization, at=at)
    return render(request, "portal/home.html", context)


def _may_call(counts: dict[str, int]) -> bool:
    return counts["credentials"] > 0 and counts["keys"] > 0


def _counts(organization: Organization, *, at: datetime) -> dict[str, int]:
    return {
        "members": members(organization).count(),
        "invitations": open_invitations(organization, at=at).count(),
        "projects": open_projects(organization).count(),
        "keys": ApiKey.objects.usable(at=at).filter(organization=organization).count(),
        "credentials": credentials(organization).count(),
    }
