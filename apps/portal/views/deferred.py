"""Calls that are answered later."""

from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.money import shown_usd
from apps.optimization.deadlines.selectors import DeferredCall, deferred_calls
from apps.portal.access import PortalRequest, portal_view
from apps.portal.paging import page_of
from apps.tenants.permissions import Permission

LEVELS = {
    "waiting": "neutral",
    "batched": "accent",
    "completed": "success",
    "failed": "danger",
    "cancelled": "neutral",
}
TIERS = {"": "Not known yet", "batch": "Batch", "standard": "Ordinary, in time"}


@portal_view(Permission.USAGE_READ)
def deferred_list(request: PortalRequest) -> HttpResponse:
    page = page_of(deferred_calls(), request)
    rows = [
        (row, LEVELS[row.state], TIERS.get(row.tier, row.tier.capitalize()), _saved(row))
        for row in page.rows
    ]
    return render(request, "portal/levers/deferred.html", {"page": page, "rows": rows})


def _saved(row: DeferredCall) -> str:
    """Nothing before the price is known."""
    return "" if row.cost_usd is None else shown_usd(row.saved_usd)
