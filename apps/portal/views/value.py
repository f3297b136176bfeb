"""What Netra was worth: without it, with it, proven and estimated; all of it in the address."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render

from apps.attribution.selectors import value
from apps.attribution.valuing import LINE_COLUMNS, Value, ValueQuery, value_lines
from apps.kernel.clock import utc_now
from apps.portal.access import PortalRequest, portal_view
from apps.portal.files import csv_file
from apps.portal.forms.value import ValueForm, ranges
from apps.portal.valuing import (
    Addresses,
    arm_table,
    bucket_table,
    days_of,
    lever_table,
    pictures_of,
    proof_context,
    rate_table,
    stats_of,
    window_words,
)
from apps.tenants.permissions import Permission
from apps.tenants.selectors import open_projects
from apps.usage.querying import InvalidQuery, UsageQuery, usage
from apps.usage.selectors import SearchTooWide, events

MOST_MODELS = 200


@portal_view(Permission.USAGE_READ)
def value_page(request: PortalRequest) -> HttpResponse:
    at = utc_now()
    form = _form(request, at)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            query = form.wanted()
            context |= _context(request, query, value(query, at=at), form.today)
            context["models"] = _models(query, at)
        except (InvalidQuery, SearchTooWide) as error:
            form.add_error(None, error.detail)
    return render(request, "portal/value/page.html", context)


@portal_view(Permission.USAGE_READ)
def value_file(request: PortalRequest) -> HttpResponse:
    """The figures of the page, exactly. Raises InvalidQuery, SearchTooWide."""
    at = utc_now()
    form = _form(request, at)
    form.demand()
    query = form.wanted()
    name = f"value-{query.first}-{query.last}.csv"
    return csv_file(name, LINE_COLUMNS, value_lines(value(query, at=at)))


def _form(request: PortalRequest, at: datetime) -> ValueForm:
    organization = request.actor.organization
    today = at.astimezone(ZoneInfo(organization.time_zone)).date()
    return ValueForm(request.GET, organization=organization, today=today)


def _context(
    request: PortalRequest, query: ValueQuery, found: Value, today: date
) -> dict[str, Any]:
    organization = request.actor.organization
    addresses = Addresses(organization.slug, query)
    is_empty = found.now.spend.is_empty
    before, was_quiet = found.before, bool(found.before and found.before.spend.is_empty)
    if was_quiet:
        found = replace(found, before=None)  # nothing to compare with
    return {
        "found": found,
        "window": window_words(query.first, query.last),
        "window_before": window_words(*days_of(before, found)) if before else "",
        "was_quiet": was_quiet,
        "has_today": query.last >= today,
        "asked": addresses.asked(),
        "unpriced_url": addresses.requests(price="no"),
        "ranges": _ranges(query, addresses, today),
        "is_empty": is_empty,
        "is_new": is_empty and not query.narrowed and not events().exists(),
        "stats": list(stats_of(found, addresses)),
        "pictures": pictures_of(found),
        "buckets": bucket_table(found, addresses),
        "levers": lever_table(found, addresses),
        "rates": rate_table(found),
        "arms": arm_table(found, addresses) if found.holdout.calls else None,
        "proof": _proof(request, found),
    }


def _ranges(query: ValueQuery, addresses: Addresses, today: date) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "url": addresses.window(first, last),
            "is_current": (first, last) == (query.first, query.last),
        }
        for label, first, last in ranges(today)
    ]


def _proof(request: PortalRequest, found: Value) -> dict[str, Any] | None:
    if found.proven is None:
        return None
    organization = request.actor.organization
    has_project = any(each.experiment.project_id for each in found.proven.experiments)
    rows = open_projects(organization) if has_project else ()
    return proof_context(found.proven, {row.pk: row.name for row in rows})


def _models(query: ValueQuery, at: datetime) -> list[str]:
    """Those that were asked for in the window, for the field that names one."""
    asked = UsageQuery(
        measures=("calls",), dimensions=("requested_model",), since=query.since, until=query.until,
        zone=query.zone,
    )  # fmt: skip
    names = [row.dimensions["requested_model"] for row in usage(asked, at=at).rows]
    return [name for name in names if name][:MOST_MODELS]
