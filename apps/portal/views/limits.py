"""Limits and budgets."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.limits import FiguresForm, LimitForm
from apps.portal.limits import limit_said, limit_subject
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.models import Limit
from apps.tenants.permissions import Permission
from apps.tenants.selectors import limits
from apps.tenants.services.limits import change_limit, create_limit, delete_limit


@portal_view(Permission.LIMITS_READ)
def limit_list(request: PortalRequest) -> HttpResponse:
    page = page_of(limits(request.actor.organization), request)
    rows = [(row, limit_subject(row), limit_said(row), _alerts(row)) for row in page.rows]
    return render(request, "portal/limits/list.html", {"page": page, "rows": rows})


@portal_view(Permission.LIMITS_WRITE, methods=FORM)
def limit_create(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    form = LimitForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            row = create_limit(organization=organization, terms=form.terms(), at=utc_now())
            messages.success(request, f"The limit of {limit_said(row)} holds.")
            return _to_list(request)
    return render(request, "portal/limits/form.html", {"form": form, "title": "Set a limit"})


@portal_view(Permission.LIMITS_WRITE, methods=FORM)
def limit_edit(request: PortalRequest, limit_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    row = limits(organization).get(pk=limit_id)
    form = FiguresForm(request.POST or None, initial=_figures(row))
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            changed = change_limit(
                organization=organization,
                limit_id=limit_id,
                amount=form.cleaned_data["amount"],
                alert_fractions=form.cleaned_data["alerts"],
                is_hard=form.cleaned_data["is_hard"],
            )
            messages.success(request, f"The limit is now {limit_said(changed)}.")
            return _to_list(request)
    context = {"form": form, "title": "Change the limit", "subject": limit_subject(row)}
    return render(request, "portal/limits/form.html", context)


@portal_view(Permission.LIMITS_WRITE, methods=FORM)
def limit_delete(request: PortalRequest, limit_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    row = limits(organization).get(pk=limit_id)
    if request.method == "POST":
        delete_limit(organization=organization, limit_id=limit_id)
        messages.success(request, f"The limit of {limit_said(row)} is deleted.")
        return _to_list(request)
    return ask(
        request,
        title="Delete the limit",
        text=f"The limit of {limit_said(row)} is deleted. It held for: {limit_subject(row)}.",
        consequences=["Other limits of the same calls go on."],
        button="Delete limit",
        back_to="limits",
    )


def _alerts(row: Limit) -> str:
    return ", ".join(f"{(share * 100).normalize():f} %" for share in row.alert_fractions)


def _figures(row: Limit) -> dict[str, Any]:
    return {
        "amount": f"{row.amount.normalize():f}",
        "alerts": _alerts(row).replace(" %", ""),
        "is_hard": row.is_hard,
    }


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:limits", slug=request.actor.organization.slug)
