"""What levers would have saved on an imported log."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from apps.attribution.forecasting import PlanReturn
from apps.attribution.selectors import import_report
from apps.attribution.trials import CAUTION, LEFT_OUT, Share, TrialReport
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import PortalRequest, portal_view
from apps.portal.forms.levers import LABELS
from apps.tenants.permissions import Permission
from apps.tenants.plans import plan_of, price_of
from apps.tenants.selectors import entitlements
from apps.usage.imports.selectors import import_of

COLUMNS = ("Lever", "Calls it would touch", "Saved in the log", "Of the cost")


@portal_view(Permission.USAGE_READ)
def import_report_page(request: PortalRequest, import_id: UUID) -> HttpResponse:
    known = entitlements(request.actor.organization, at=utc_now())
    report, price = import_report(import_id), price_of(known)
    returned = report.plan_return(price) if price else None
    context = {
        "row": import_of(import_id),
        "report": report,
        "caution": CAUTION,
        "stats": list(_stats(report, returned)),
        "plan": plan_of(known),
        "columns": [{"label": each, "is_numeric": each != COLUMNS[0]} for each in COLUMNS],
        "rows": [_cells(each.lever, each) for each in report.levers],
        "left_out": LEFT_OUT.items(),
        "over": "days" if report.clusters == "day" else "groups of conversations",
    }
    return render(request, "portal/imports/report.html", context)


def _stats(report: TrialReport, returned: PlanReturn | None) -> Iterator[dict[str, str]]:
    yield {
        "label": "Cost a month",
        "value": shown_usd(report.monthly_baseline_usd),
        "note": f"30 days at the mean of {report.days}",
    }
    if report.monthly_saved:
        saved = report.monthly_saved
        yield {
            "label": "Estimated saving a month",
            "value": shown_usd(saved.expected),
            "note": f"{shown_usd(saved.low)} to {shown_usd(saved.high)}",
        }
    if returned:
        yield {
            "label": "Net of the plan",
            "value": shown_usd(returned.net.expected),
            "note": f"{shown_usd(returned.net.low)} to {shown_usd(returned.net.high)}",
        }


def _cells(lever: str, trial: Any) -> list[dict[str, Any]]:
    texts = (LABELS.get(lever, lever), f"{trial.calls:,}", shown_usd(trial.saved_usd),
             _percent(trial.share))  # fmt: skip
    return [
        {"text": text, "column": label, "is_numeric": label != COLUMNS[0]}
        for label, text in zip(COLUMNS, texts, strict=True)
    ]


def _percent(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})"
