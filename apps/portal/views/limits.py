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
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.models import Limit, LimitKind, Window
from apps.tenants.permissions import Permission
from apps.tenants.selectors import limits
from apps.tenants.services.limits import change_limit, create_limit, delete_limit

EACH = {Window.DAY: " a day", Window.MONTH: " a month", Window.TOTAL: " in total"}
THINGS = {
    LimitKind.REQUESTS_PER_MINUTE: "requests a minute",
    LimitKind.TOKENS_PER_MINUTE: "tokens a minute",
    LimitKind.CONCURRENCY: "calls at once",
}


@portal_view(Permission.LIMITS_READ)
def limit_list(request: PortalRequest) -> HttpResponse:
    page = page_of(limits(request.actor.organization), request)
    rows = [(row, _subject(row), _said(row), _alerts(row)) for row in page.rows]
    return render(request, "portal/limits/list.html", {"page": page, "rows": rows})


@portal_view(Permission.LIMITS_WRITE, methods=FORM)
def limit_create(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    form = LimitForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            row = create_limit(organization=organization, terms=form.terms(), at=utc_now())
            messages.success(request, f"The limit of {_said(row)} holds.")
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
            messages.success(request, f"The limit is now {_said(changed)}.")
            return _to_list(request)
    context = {"form": form, "title": "Change the limit", "subject": _subject(row)}
    return render(request, "portal/limits/form.html", context)


@portal_view(Permission.LIMITS_WRITE, methods=FORM)
def limit_delete(request: PortalRequest, limit_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    row = limits(organization).get(pk=limit_id)
    if request.method == "POST":
        delete_limit(organization=organization, limit_id=limit_id)
        messages.success(request, f"The limit of {_said(row)} is deleted.")
        return _to_list(request)
    return ask(
        request,
        title="Delete the limit",
        text=f"The limit of {_said(row)} is deleted. It held for: {_subject(row)}.",
        consequences=["Other limits of the same calls go on."],
        button="Delete limit",
        back_to="limits",
    )


def _subject(row: Limit) -> str:
    if row.api_key:
        return f"API key {row.api_key.name} {row.api_key.hint}"
    return f"Project {row.project.name}" if row.project else "The whole organization"


def _said(row: Limit) -> str:
    if row.window in EACH:
        return f"${_plain(row.amount)}{EACH[Window(row.window)]}"
    return f"{row.amount:,.0f} {THINGS[LimitKind(row.kind)]}"


def _plain(amount: Any) -> str:
    """Cents always, further digits where there are any."""
    text = f"{amount:,.6f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits.ljust(2, '0')}"


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
