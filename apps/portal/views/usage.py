"""What was used and what it cost in any days, by what calls are told apart by, and its bounds."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.notices.selectors import budget_alerts
from apps.portal.access import PortalRequest, portal_view
from apps.portal.files import csv_file
from apps.portal.forms.usage import BREAKDOWNS, UsageForm
from apps.portal.limits import gauges
from apps.portal.spending import (
    Breakdown,
    Row,
    breakdown,
    change,
    compared,
    figure,
    stats,
    whole,
)
from apps.portal.views.imports import LEVELS
from apps.portal.views.reconciliations import shown_comparison
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission
from apps.tenants.selectors import limits
from apps.usage.imports.selectors import imports
from apps.usage.querying import Answer
from apps.usage.reconciling import statements, summaries
from apps.usage.selectors import served_models, tag_names
from apps.usage.services.budgets import current_windows

# The dearest ones; the file has all of them.
MOST_ROWS = 50
MOST_ALERTS, MOST_IMPORTS, MOST_LIMITS = 5, 3, 200
RECENT = timedelta(days=7)
# What to tell the calls of a row apart by, once the page is narrowed to it.
NEXT = {"project": "model", "key": "model", "user": "model", "tag": "project", "model": "project"}
COLUMNS = ("since", "until", "value", "name", "calls", "tokens", "unpriced_calls", "actual_usd",
           "previous_actual_usd")  # fmt: skip


@portal_view(Permission.USAGE_READ)
def usage_page(request: PortalRequest) -> HttpResponse:
    organization, now = request.actor.organization, utc_now()
    form, tags = UsageForm(request.GET, organization=organization, now=now), tag_names()
    context: dict[str, Any] = {
        "form": form,
        "tags": tags,
        "models": served_models(),
        "is_narrowed": any(request.GET.values()),
        **_bounds(organization, now),
        **_running(now),
        **_reconciled(),
    }
    if form.is_valid():
        form.assume_tag(tags)
        context |= _found(request, form, now)
    return render(request, "portal/usage/page.html", context)


@portal_view(Permission.USAGE_READ)
def usage_file(request: PortalRequest) -> HttpResponse:
    """The rows of the page, all of them and with every digit. Raises InvalidQuery."""
    organization, now = request.actor.organization, utc_now()
    form = UsageForm(request.GET, organization=organization, now=now)
    form.demand()
    form.assume_tag(tag_names())
    first, last = form.cleaned_data["since"], form.cleaned_data["until"]
    found = breakdown(organization, form, at=now)
    lines = ([first, last, *row] for row in found.rows)
    return csv_file(f"usage-{first}-{last}-{form.apart_by}.csv", COLUMNS, lines)


@portal_view(Permission.USAGE_READ)
def usage_imports(request: PortalRequest) -> HttpResponse:
    """The imports alone, asked for again and again while one of them is read."""
    return render(request, "portal/usage/imports.html", _running(utc_now()))


def _found(request: PortalRequest, form: UsageForm, now: datetime) -> dict[str, Any]:
    """Figures of what the valid form asks for; else its error says what cannot be answered."""
    organization = request.actor.organization
    try:
        total = whole(organization, form, at=now)
        found = breakdown(organization, form, at=now) if _is_askable(form) else Breakdown([], [])
    except NetraError as error:
        form.add_error(None, error.detail)
        return {}
    return {
        "stats": list(stats(total)),
        "compared": _compared_words(compared(form, at=now)),
        "before": _days_before(total),
        "tabs": [_tab(request, each, label, form.apart_by) for each, label in BREAKDOWNS.items()],
        "ranges": [_range(request, *each, form) for each in form.ranges],
        "what": BREAKDOWNS[form.apart_by],
        "by": form.apart_by,
        "tag": form.tag_name,
        "rows": [_cells(request, form, row) for row in found.rows[:MOST_ROWS]],
        "hidden": max(len(found.rows) - MOST_ROWS, 0),
        "is_slow": "events" in found.sources,
        "file_query": request.GET.urlencode(),
    }


def _compared_words(totals: Mapping[str, Any]) -> str:
    """What of the figures is no question of the customer's; "" where all of them are."""
    if not totals["calls"]:
        return ""
    usd = figure("actual_usd", totals["actual_usd"])
    return f"{totals['calls']:,} of the requests and {usd} of the spend compare answers for levers."


def _days_before(total: Answer) -> tuple[datetime, datetime] | None:
    """The first and the last day of the window that is compared with."""
    if total.previous is None:
        return None
    before = total.previous.query
    return before.since, before.until - timedelta(hours=1)


def _is_askable(form: UsageForm) -> bool:
    """By tags only where a tag is named, or was ever sent."""
    return form.apart_by != "tag" or bool(form.tag_name)


def _cells(request: PortalRequest, form: UsageForm, row: Row) -> dict[str, Any]:
    is_unpriced = row.unpriced == row.calls > 0
    return {
        "name": row.name,
        "url": _narrowed(request, form, row),
        "calls": f"{row.calls:,}",
        "tokens": f"{row.tokens:,}",
        "usd": "no price" if is_unpriced else figure("actual_usd", row.usd),
        "unpriced": 0 if is_unpriced else row.unpriced,
        "before": figure("actual_usd", row.before_usd),
        "change": change(row.usd, row.before_usd),
    }


def _narrowed(request: PortalRequest, form: UsageForm, row: Row) -> str:
    """The same page about one row; "" where no filter can name it."""
    if form.apart_by == "day":
        return _query(request, since=row.value, until=row.value, by="project")
    value = f"{form.tag_name}={row.value}" if form.apart_by == "tag" else row.value
    is_nameable = row.value and form.apart_by in NEXT and row.name != "No key"
    return (
        _query(request, **{form.apart_by: value, "by": NEXT[form.apart_by]}) if is_nameable else ""
    )


def _tab(request: PortalRequest, by: str, label: str, chosen: str) -> dict[str, Any]:
    return {"label": label, "url": _query(request, by=by), "is_current": by == chosen}


def _range(
    request: PortalRequest, label: str, since: Any, until: Any, form: UsageForm
) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "label": label,
        "url": _query(request, since=f"{since}", until=f"{until}"),
        "is_current": (given["since"], given["until"]) == (since, until),
    }


def _query(request: PortalRequest, **changes: str) -> str:
    return f"?{urlencode({**request.GET.dict(), **changes})}"


def _bounds(organization: Organization, now: datetime) -> dict[str, Any]:
    """Limits by how full they are, and what was told of budgets whose window is not over."""
    rows = list(limits(organization)[:MOST_LIMITS])
    ids, windows = [row.pk for row in rows], current_windows(now)
    alerts = budget_alerts(organization, limit_ids=ids, windows=windows)[:MOST_ALERTS]
    return {"gauges": gauges(rows, at=now), "limit_count": len(rows), "alerts": alerts}


def _running(now: datetime) -> dict[str, Any]:
    """Imports of late, and whether one of them is still read."""
    rows = imports().filter(created_at__gt=now - RECENT)[:MOST_IMPORTS]
    found = [(row, LEVELS[row.state]) for row in rows]
    return {"imports": found, "is_importing": any(row.is_open for row, _ in found)}


def _reconciled() -> dict[str, Any]:
    """The statement that was compared last."""
    return {"reconciled": next(_compared(), None)}


def _compared() -> Iterator[dict[str, Any]]:
    for each in summaries(list(statements()[:1])):
        yield shown_comparison(each.total) | {"statement": each.statement}
