"""What the next months may bring, and what each plan gives back."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from apps.attribution.forecasting import Interval, PlanReturn
from apps.attribution.selectors import PlanOutlook, forecast
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import PortalRequest, portal_view
from apps.tenants.permissions import Permission

MONTH_COLUMNS = ("Month", "Spend", "Saved", "Spent so far", "Saved so far")
PLAN_COLUMNS = ("Plan", "Saved", "Costs at most", "Net", "Return", "Breakeven")


@portal_view(Permission.USAGE_READ)
def forecast_page(request: PortalRequest) -> HttpResponse:
    found = forecast(request.actor.organization, at=utc_now())
    own = next((each for each in found.plans if each.is_own), None)
    context = {
        "found": found,
        "stats": _stats(own.plan_return) if own and own.plan_return and found.has_saving else [],
        "own": own,
        "month_columns": _columns(MONTH_COLUMNS),
        "months": [
            _cells(
                MONTH_COLUMNS,
                f"{each.month:%B %Y}",
                _usd(each.spend),
                _usd(each.saved),
                shown_usd(each.known_spend_usd),
                shown_usd(each.known_saved_usd),
            )
            for each in found.months
        ],
        "plan_columns": _columns(PLAN_COLUMNS),
        "plans": [_plan(each) for each in found.plans] if found.has_saving else [],
        "proven_percent": None if found.proven_share is None else found.proven_share * 100,
    }
    return render(request, "portal/forecast/page.html", context)


def _stats(known: PlanReturn) -> list[dict[str, str]]:
    roi, days = known.roi_percent, known.breakeven_days
    return [
        {"label": "Net a month", "value": shown_usd(known.net.expected), "note": _range(known.net)},
        {
            "label": "Return on what it costs",
            "value": f"{roi.expected:,.0f} %" if roi else "–",
            "note": f"{roi.low:,.0f} to {roi.high:,.0f} %" if roi else "The plan costs nothing.",
        },
        {
            "label": "Breakeven",
            "value": f"{days.expected:,.1f} days" if days else "–",
            "note": f"{days.low:,.1f} to {days.high:,.1f} days"
            if days
            else "It may never pay the plan.",
        },
    ]


def _plan(outlook: PlanOutlook) -> list[dict[str, Any]]:
    name = f"{outlook.plan.name} (yours)" if outlook.is_own else outlook.plan.name
    known = outlook.plan_return
    if known is None:
        return _cells(PLAN_COLUMNS, name, "–", "Agreed with you", "–", "–", "–")
    roi, days = known.roi_percent, known.breakeven_days
    return _cells(
        PLAN_COLUMNS,
        name,
        shown_usd(known.saved.expected),
        shown_usd(known.subscription.expected + known.fee.expected),
        _usd(known.net),
        f"{roi.low:,.0f} to {roi.high:,.0f} %" if roi else "–",
        f"{days.low:,.1f} to {days.high:,.1f} days" if days else "–",
    )


def _usd(interval: Interval) -> str:
    return f"{shown_usd(interval.expected)} ({_range(interval)})"


def _range(interval: Interval) -> str:
    return f"{shown_usd(interval.low)} to {shown_usd(interval.high)}"


def _columns(labels: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"label": label, "is_numeric": label != labels[0]} for label in labels]


def _cells(labels: tuple[str, ...], *texts: str) -> list[dict[str, Any]]:
    named = zip(labels, texts, strict=True)
    return [
        {"text": text, "column": label, "is_numeric": label != labels[0]} for label, text in named
    ]
