"""Our figures beside the providers'."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.reconciliations import StatementForm
from apps.portal.paging import page_of
from apps.tenants.permissions import Permission
from apps.usage.reconciling import Comparison, ModelLine, reconciliation, statements, summaries
from apps.usage.services.statements import record_statement

# Beyond this share of the provider's figure a gap asks for an explanation.
MOST_PERCENT = Decimal(1)


@portal_view(Permission.USAGE_READ)
def reconciliation_list(request: PortalRequest) -> HttpResponse:
    page = page_of(statements(), request)
    rows = [(each.statement, shown_comparison(each.total)) for each in summaries(page.rows)]
    return render(request, "portal/reconciliations/list.html", {"page": page, "rows": rows})


@portal_view(Permission.USAGE_READ)
def reconciliation_page(request: PortalRequest, statement_id: UUID) -> HttpResponse:
    found = reconciliation(statements().get(pk=statement_id))
    context = {
        "found": found,
        "total": shown_comparison(found.total),
        "models": [(line, _model_line(line)) for line in found.models],
    }
    return render(request, "portal/reconciliations/page.html", context)


@portal_view(Permission.STATEMENTS_WRITE, methods=FORM)
def reconciliation_create(request: PortalRequest) -> HttpResponse:
    form = StatementForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            statement = record_statement(
                provider=form.cleaned_data["provider"],
                month=form.first_day(),
                file=form.statement(),
                given_by=request.actor.id,
                at=utc_now(),
            )
            messages.success(request, f"{statement} is compared.")
            slug = request.actor.organization.slug
            return redirect("portal:reconciliation", slug=slug, statement_id=statement.pk)
    return render(request, "portal/reconciliations/form.html", {"form": form})


def shown_comparison(comparison: Comparison) -> dict[str, Any]:
    """Figures for people; the API has every digit."""
    percent = comparison.gap_percent
    return {
        "ours": shown_usd(comparison.our_usd),
        "theirs": shown_usd(comparison.their_usd),
        "gap": shown_usd(comparison.gap_usd),
        "percent": "–" if percent is None else f"{percent:+} %",
        "level": _level(comparison),
    }


def _model_line(line: ModelLine) -> dict[str, Any]:
    is_unpriced = line.unpriced_calls == line.calls > 0
    return shown_comparison(line.comparison) | ({"ours": "–", "gap": "–"} if is_unpriced else {})


def _level(comparison: Comparison) -> str:
    percent = comparison.gap_percent
    if percent is None:
        return "warning" if comparison.gap_usd else "neutral"
    return "success" if abs(percent) <= MOST_PERCENT else "warning"
