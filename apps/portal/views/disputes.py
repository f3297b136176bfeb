"""Doubts about savings statements, and what came of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from apps.attribution.disputes.models import Dispute
from apps.attribution.disputes.selectors import disputes, report_of
from apps.attribution.disputes.services import open_dispute
from apps.attribution.selectors import closed_statements
from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.disputes import DisputeForm
from apps.portal.forms.errors import shown_in
from apps.portal.paging import page_of
from apps.tenants.permissions import Permission


@portal_view(Permission.USAGE_READ)
def dispute_list(request: PortalRequest) -> HttpResponse:
    page = page_of(disputes(request.actor.organization), request)
    context = {
        "page": page,
        "rows": [(row, _outcome(row)) for row in page.rows],
        "has_statements": closed_statements().exists(),
    }
    return render(request, "portal/disputes/list.html", context)


@portal_view(Permission.STATEMENTS_WRITE, methods=FORM)
def dispute_create(request: PortalRequest) -> HttpResponse:
    """`?statement=ID` chooses one beforehand."""
    organization = request.actor.organization
    initial = {"statement": request.GET.get("statement", "")}
    form = DisputeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            open_dispute(
                organization=organization,
                statement_id=form.statement_id,
                reason=form.cleaned_data["reason"],
                by=request.actor.id,
                at=utc_now(),
            )
            messages.success(request, "Our support was told. The answer comes as a notice.")
            return redirect("portal:disputes", slug=organization.slug)
    return render(request, "portal/disputes/form.html", {"form": form})


@portal_view(Permission.USAGE_READ)
def dispute_report(request: PortalRequest, dispute_id: UUID) -> HttpResponse:
    row = report_of(request.actor.organization, dispute_id)
    response = JsonResponse(row.report, json_dumps_params={"indent": 2})
    response["Content-Disposition"] = f'attachment; filename="report-{row.pk}.json"'
    return response


def _outcome(row: Dispute) -> dict[str, Any]:
    """The latest report in a few words."""
    finished = [each for each in row.recomputations.all() if each.finished_at]
    label, level = ("Answered", "success") if row.answered_at else ("Open", "warning")
    if not finished or finished[0].report is None:
        return {"label": label, "level": level, "text": "", "has_report": False}
    is_confirmed = finished[0].report["is_confirmed"]
    text = "Every figure came out again." if is_confirmed else "Figures or rows differ."
    return {"label": label, "level": level, "text": text, "has_report": True}
