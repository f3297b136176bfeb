"""The request log: who asked what of which model, what became of it, and what it cost."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import PortalRequest, portal_view
from apps.portal.forms.requests import RequestsForm
from apps.portal.paging import page_of
from apps.portal.views.request_figures import bill_of, buckets_of, levers_of, timeline_of
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission
from apps.usage.selectors import (
    SearchTooWide,
    UsageEvent,
    adjustments,
    bounded,
    event,
    events,
    has_content,
)
from apps.usage.services.contents import open_content

OUTCOME_LEVELS = {"success": "success", "refused": "warning", "cancelled": "neutral"}


@portal_view(Permission.USAGE_READ)
def request_list(request: PortalRequest) -> HttpResponse:
    form = RequestsForm(request.GET, organization=request.actor.organization)
    context: dict[str, Any] = {"form": form, "is_narrowed": any(request.GET.values())}
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
def request_page(request: PortalRequest, request_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    found = event(request_id)
    context = {
        "row": _row(organization, found, _project_names(organization)),
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


def _found(request: PortalRequest, form: RequestsForm) -> dict[str, Any]:
    """The page of rows that the form asks for. Raises SearchTooWide."""
    with bounded():
        page = page_of(events(form.wanted()), request)
    ids = b"".join(each.pk.bytes for each in page.rows)
    return {
        "page": page,
        "rows": _rows(request.actor.organization, page.rows),
        "known": sha256(ids).hexdigest()[:16],
    }


def _rows(organization: Organization, found: Sequence[UsageEvent]) -> list[dict[str, Any]]:
    names = _project_names(organization)
    return [_row(organization, each, names) for each in found]


def _row(organization: Organization, call: UsageEvent, names: dict[UUID, str]) -> dict[str, Any]:
    untouched, actual = call.counterfactual_usd, call.actual_usd
    saved = None if untouched is None or actual is None else untouched - actual
    acted = [each["lever"] for each in call.decisions if each["decision"] == "act"]
    return {
        "call": call,
        "project": names.get(call.project_id, "A project that is gone"),
        "model": call.served_model or call.requested_model or "–",
        "asked": _other(call.requested_model, call.served_model),
        "outcome": call.outcome.capitalize(),
        "level": OUTCOME_LEVELS.get(call.outcome, "danger"),
        "tokens": f"{buckets_of(call).total:,}",
        "cost": "no price" if actual is None and call.outcome != "refused" else shown_usd(actual),
        "untouched": shown_usd(untouched),
        "saved": shown_usd(saved) if saved else "",
        "took": "–" if call.total_ms is None else f"{call.total_ms:,.0f} ms",
        "levers": [each.replace("_", " ") for each in acted],
    }


def _other(asked: str | None, served: str | None) -> str:
    """What was asked for, where something else answered."""
    return asked if asked and served and asked != served else ""


def _project_names(organization: Organization) -> dict[UUID, str]:
    return dict(organization.projects.values_list("pk", "name"))
