"""What was used and what it cost, a month at a time, by the clocks of the organization."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import PortalRequest, portal_view
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission
from apps.usage.exports.delimited import csv_chunks
from apps.usage.querying import Answer, AnswerRow, UsageQuery, usage

MEASURES = ("calls", "tokens", "unpriced_calls", "actual_usd")
WHOLE = (*MEASURES, "error_calls", "latency_p95_ms")
# The dearest ones; the file has all of them.
MOST_ROWS = 50
EARLIEST = 2020
_HEADS = ("Requests", "Tokens", "Spend")


@portal_view(Permission.USAGE_READ)
def usage_month(request: PortalRequest) -> HttpResponse:
    organization, now = request.actor.organization, utc_now()
    since, until = _window(request, now)
    whole = _asked(organization, since, until, now, measures=WHOLE, compare="previous")
    by_day = _asked(organization, since, until, now, granularity="day")
    names = {str(id): name for id, name in organization.projects.values_list("id", "name")}
    by_model = _asked(organization, since, until, now, dimensions=("served_model",))
    by_project = _asked(organization, since, until, now, dimensions=("project_id",))
    context = {
        "month": since,
        "earlier": f"{since - timedelta(days=1):%Y-%m}",
        "later": f"{until:%Y-%m}" if until <= now else None,
        "stats": _stats(whole),
        "tables": [
            _table("Model", "By model", _dearest(by_model), {"": "No model answered"}),
            _table("Project", "By project", _dearest(by_project), names),
            _table("Day", "By day", by_day.rows, {}),
        ],
    }
    return render(request, "portal/usage/month.html", context)


@portal_view(Permission.USAGE_READ)
def usage_file(request: PortalRequest) -> HttpResponse:
    organization, now = request.actor.organization, utc_now()
    since, until = _window(request, now)
    dimensions = ("project_id", "served_model", "kind")
    answer = _asked(organization, since, until, now, granularity="day", dimensions=dimensions)
    lines = (
        [f"{row.at:%Y-%m-%d}", *row.dimensions.values(), *row.measures.values()]
        for row in answer.rows
    )
    data = b"".join(csv_chunks(("day", *dimensions, *MEASURES), [lines]))
    response = HttpResponse(data, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="usage-{since:%Y-%m}.csv"'
    return response


def _window(request: PortalRequest, now: datetime) -> tuple[datetime, datetime]:
    """The month that the address names; this month when it names none that can be."""
    zone = ZoneInfo(request.actor.organization.time_zone)
    try:
        month = datetime.strptime(request.GET.get("month", ""), "%Y-%m").replace(tzinfo=zone)
    except ValueError:
        month = now.astimezone(zone)
    since = min(max(month, month.replace(year=EARLIEST)), now.astimezone(zone))
    since = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return since, (since + timedelta(days=32)).replace(day=1)


def _asked(
    organization: Organization, since: datetime, until: datetime, now: datetime, **fields: Any
) -> Answer:
    known: dict[str, Any] = {"measures": MEASURES, "zone": ZoneInfo(organization.time_zone)}
    return usage(UsageQuery(since=since, until=until, **(known | fields)), at=now)


def _stats(whole: Answer) -> Iterator[dict[str, str]]:
    """What stands at the top, each with the month before."""
    before = whole.previous.totals if whole.previous else {}
    for label, name in (
        ("Spend", "actual_usd"), ("Requests", "calls"), ("Tokens", "tokens"),
        ("Failed requests", "error_calls"), ("Requests without a price", "unpriced_calls"),
        ("Latency, p95", "latency_p95_ms"),
    ):  # fmt: skip
        note = f"{_figure(name, before.get(name))} in the month before"
        yield {"label": label, "value": _figure(name, whole.totals[name]), "note": note}


def _figure(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name.endswith("_usd"):
        return shown_usd(value)
    return f"{value:,.0f} ms" if name.endswith("_ms") else f"{value:,}"


def _dearest(answer: Answer) -> list[AnswerRow]:
    def cost(row: AnswerRow) -> tuple[Any, Any]:
        return row.measures["actual_usd"], row.measures["calls"]

    return sorted(answer.rows, key=cost, reverse=True)


def _table(
    what: str, title: str, rows: Sequence[AnswerRow], names: dict[str, str]
) -> dict[str, Any]:
    columns = [{"label": what}, *({"label": label, "is_numeric": True} for label in _HEADS)]
    return {
        "id": what.lower(),
        "title": title,
        "columns": columns,
        "rows": [_cells(what, row, names) for row in rows[:MOST_ROWS]],
        "hidden": max(len(rows) - MOST_ROWS, 0),
    }


def _cells(what: str, row: AnswerRow, names: dict[str, str]) -> list[dict[str, Any]]:
    value = "".join(row.dimensions.values())
    text = f"{row.at:%d %b %Y}" if row.at else names.get(value, value)
    known = row.measures
    is_unpriced = known["unpriced_calls"] == known["calls"]
    shown = (f"{known['calls']:,}", f"{known['tokens']:,}",
             "no price" if is_unpriced else _figure("actual_usd", known["actual_usd"]))  # fmt: skip
    figures = zip(_HEADS, shown, strict=True)
    return [
        {"text": text, "column": what},
        *({"text": figure, "column": head, "is_numeric": True} for head, figure in figures),
    ]
