"""The request log: who asked what of which model, what became of it, and what it cost."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.portal.access import PortalRequest, portal_view
from apps.portal.forms.requests import RequestsForm
from apps.portal.paging import page_of
from apps.portal.request_figures import bill_of, levers_of, timeline_of
from apps.portal.request_rows import alike, project_names, row_of, rows_of
from apps.tenants.downloads import Download
from apps.tenants.permissions import Permission
from apps.usage.exports import FORMATS, exported
from apps.usage.selectors import (
    SearchTooWide,
    UsageEvent,
    adjustments,
    bounded,
    event,
    events,
    has_content,
    served_models,
)
from apps.usage.services.contents import open_content

_FILE = "csv"


@portal_view(Permission.USAGE_READ)
def request_list(request: PortalRequest) -> HttpResponse:
    form = RequestsForm(request.GET, organization=request.actor.organization)
    context: dict[str, Any] = {
        "form": form,
        "is_narrowed": any(request.GET.values()),
        "models": served_models(),
    }
    if form.is_valid():
        try:
            context |= _found(request, form)
        except SearchTooWide as error:
            form.add_error(None, error.detail)
    return render(request, "portal/requests/list.html", context)


@portal_view(Permission.USAGE_READ)
def request_rows(request: PortalRequest) -> HttpResponse:
    """The rows alone, for a list that follows what comes in; 204 where `known` has them."""
    form = RequestsForm(request.GET, organization=request.actor.organization)
    if not form.is_valid():
        return HttpResponse(status=400)
    found = _found(request, form)
    if request.GET.get("known") == found["known"]:
        return HttpResponse(status=204)
    response = render(request, "portal/requests/rows.html", found)
    response["Netra-Known"] = found["known"]
    return response


@portal_view(Permission.USAGE_READ)
def request_file(request: PortalRequest) -> Download:
    """All requests that the search finds, oldest first, sent while they are read. Raises
    InvalidQuery.
    """
    organization = request.actor.organization
    form = RequestsForm(request.GET, organization=organization)
    form.demand()
    chunks = exported(organization, form.wanted(), name=_FILE, at=utc_now())
    return Download(chunks, FORMATS[_FILE].media_type, f"requests.{FORMATS[_FILE].ending}")


@portal_view(Permission.USAGE_READ)
def request_page(request: PortalRequest, request_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    found = event(request_id)
    context = {
        "row": row_of(found, project_names(organization)) | _amounts(found),
        "call": found,
        "timeline": timeline_of(found),
        "bill": bill_of(organization, found),
        "adjustments": adjustments(found),
        "levers": levers_of(found),
        "has_content": has_content(found.pk),
    }
    return render(request, "portal/requests/page.html", context)


@portal_view(Permission.CONTENT_READ)
def request_content(request: PortalRequest, request_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    document = open_content(organization=organization, event_id=request_id, at=utc_now())
    parts = [(name, document[key]) for name, key in (("Asked", "request"), ("Answered", "answer"))]
    context = {"parts": parts, "request_id": request_id}
    return render(request, "portal/requests/content.html", context)


def _amounts(call: UsageEvent) -> dict[str, str]:
    """Cost, cost without Netra, and the difference, which add up."""
    untouched, actual = call.counterfactual_usd, call.actual_usd
    if untouched is None or actual is None:
        return {}
    cost, without, saved = alike(actual, untouched, untouched - actual)
    return {"cost": cost, "untouched": without, "saved": saved if untouched != actual else ""}


def _found(request: PortalRequest, form: RequestsForm) -> dict[str, Any]:
    """The page of rows that the form asks for. Raises SearchTooWide."""
    with bounded():
        page = page_of(events(form.wanted()), request)
    ids = b"".join(each.pk.bytes for each in page.rows)
    return {
        "page": page,
        "rows": rows_of(request.actor.organization, page.rows),
        "known": sha256(ids).hexdigest()[:16],
    }
