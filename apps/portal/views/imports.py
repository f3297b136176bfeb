"""Imports of logs."""

import csv
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.imports import ImportForm
from apps.portal.paging import page_of
from apps.tenants.permissions import Permission
from apps.usage.imports.files import PIECE, receive
from apps.usage.imports.formats import FORMATS
from apps.usage.imports.selectors import (
    Dimension,
    Spend,
    import_of,
    imports,
    line_errors,
    spend_of,
)
from apps.usage.imports.services import ImportTerms, create_import

LEVELS = {"waiting": "neutral", "running": "accent", "done": "success", "failed": "danger"}
SHOWN_ERRORS = 20


@portal_view(Permission.USAGE_READ)
def import_list(request: PortalRequest) -> HttpResponse:
    page = page_of(imports(), request)
    rows = [(row, LEVELS[row.state], _label(row.format)) for row in page.rows]
    return render(request, "portal/imports/list.html", {"page": page, "rows": rows})


@portal_view(Permission.USAGE_IMPORT, methods=FORM)
def import_create(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    form = ImportForm(request.POST or None, request.FILES or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            import_id = _begin(request, form.cleaned_data["file"], form.terms())
            return redirect("portal:import", organization.slug, import_id)
    return render(request, "portal/imports/form.html", {"form": form})


@portal_view(Permission.USAGE_READ)
def import_page(request: PortalRequest, import_id: UUID) -> HttpResponse:
    row = import_of(import_id)
    spend = spend_of(row)
    total = next(iter(spend["total"]), None)
    context = {
        "row": row,
        "level": LEVELS[row.state],
        "format": _label(row.format),
        "total": total,
        "cost": _cost(total) if total else "",
        "reported": shown_usd(total.reported_usd) if total and total.reported_usd else "",
        "tables": [
            (dimension.label, [(each, _cost(each)) for each in spend[dimension.value]])
            for dimension in Dimension
            if dimension != Dimension.TOTAL and spend[dimension.value]
        ],
        "estimates": [_shown(each) for each in row.estimates],
        "errors": line_errors(row)[:SHOWN_ERRORS],
        "hidden_errors": max(row.error_count - SHOWN_ERRORS, 0),
    }
    # While a file is read the page asks for its middle again and again.
    part = "result" if request.headers.get("HX-Request") else "page"
    return render(request, f"portal/imports/{part}.html", context)


@portal_view(Permission.USAGE_READ)
def import_errors(request: PortalRequest, import_id: UUID) -> HttpResponse:
    row = import_of(import_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="errors-{row.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(("line", "reason"))
    writer.writerows(line_errors(row).values_list("line", "reason"))
    return response


def _begin(request: PortalRequest, file: Any, terms: ImportTerms) -> UUID:
    organization = request.actor.organization
    upload = receive(organization_id=organization.pk, pieces=file.chunks(PIECE))
    try:
        return create_import(
            organization=organization,
            upload=upload,
            terms=terms,
            by=request.actor.id,
            at=utc_now(),
        ).pk
    except BaseException:
        upload.discard()
        raise


def _cost(spend: Spend) -> str:
    """What is known of it; "–" when no call has a price."""
    return shown_usd(spend.usd if spend.unpriced_count < spend.call_count else None)


def _label(name: str) -> str:
    return FORMATS[name].label if name in FORMATS else "–"


def _shown(estimate: dict[str, Any]) -> dict[str, Any]:
    shares = [Decimal(estimate[name]) * 100 for name in ("low_share", "high_share")]
    amounts = [Decimal(estimate[name]) for name in ("low_usd", "high_usd")]
    return estimate | {
        "amount": " to ".join(dict.fromkeys(map(shown_usd, amounts))),
        "share": " to ".join(dict.fromkeys(f"{share:.1f} %" for share in shares)),
    }
