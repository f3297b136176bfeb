"""Experiments: what is compared, what holds when, and what is known so far."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.attribution.models import Experiment, Period
from apps.attribution.selectors import experiments, periods, published_salts, standing
from apps.attribution.services import (
    create_experiment,
    plan_experiment,
    start_experiment,
    stop_experiment,
)
from apps.kernel.clock import utc_now
from apps.portal.access import FORM, WRITE, PortalRequest, portal_view
from apps.portal.experiments import place_of, state_of
from apps.portal.files import csv_file
from apps.portal.forms.errors import shown_in
from apps.portal.forms.experiments import ExperimentForm, SharesForm
from apps.portal.proving import POINT_COLUMNS, point_rows, standing_context
from apps.portal.views.confirmation import ask
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission
from apps.tenants.selectors import open_projects
from apps.tenants.services.data_keys import data_key

# The latest ones; the API has all of them.
MOST_PERIODS = 24


@portal_view(Permission.EXPERIMENTS_READ)
def experiment(request: PortalRequest, experiment_id: UUID) -> HttpResponse:
    organization, at = request.actor.organization, utc_now()
    row = experiments().get(pk=experiment_id)
    known = list(periods(row.pk))
    found = standing(row.pk)
    names = {each.pk: each.name for each in open_projects(organization)}
    context = {
        "experiment": row,
        "place": place_of(row, names),
        "state": state_of(row, known, at=at),
        "is_started": bool(known),
        "actions": _actions(request, row),
        "periods": _periods(organization, known[-MOST_PERIODS:], at),
        **standing_context(found),
    }
    return render(request, "portal/proof/experiment.html", context)


@portal_view(Permission.EXPERIMENTS_READ)
def experiment_file(_request: PortalRequest, experiment_id: UUID) -> HttpResponse:
    row = experiments().get(pk=experiment_id)
    return csv_file("savings.csv", POINT_COLUMNS, point_rows(standing(row.pk).points))


@portal_view(Permission.EXPERIMENTS_WRITE, methods=FORM)
def experiment_create(request: PortalRequest) -> HttpResponse:
    organization, at = request.actor.organization, utc_now()
    form = ExperimentForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        with shown_in(form):
            row = create_experiment(
                organization=organization,
                name=typed["name"],
                project_id=form.project_id,
                at=at,
                **_shares(typed),
            )
            messages.success(request, f"{row.name} is made. Start it when you are ready.")
            return _to_experiment(request, row.pk)
    return render(request, "portal/proof/experiment_create.html", {"form": form})


@portal_view(Permission.EXPERIMENTS_WRITE, methods=FORM)
def experiment_plan(request: PortalRequest, experiment_id: UUID) -> HttpResponse:
    row = experiments().get(pk=experiment_id)
    planned = {"holdout_percent": row.holdout_percent, "ramp_percent": row.ramp_percent}
    form = SharesForm(request.POST or None, initial=planned)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            plan_experiment(experiment_id=row.pk, **_shares(form.cleaned_data))
            messages.success(request, "It holds from the next period on.")
            return _to_experiment(request, row.pk)
    last = periods(row.pk).last()
    context = {"form": form, "experiment": row, "last": last}
    return render(request, "portal/proof/experiment_plan.html", context)


@portal_view(Permission.EXPERIMENTS_WRITE, methods=WRITE)
def experiment_start(request: PortalRequest, experiment_id: UUID) -> HttpResponse:
    period = start_experiment(
        organization=request.actor.organization, experiment_id=experiment_id, at=utc_now()
    )
    begins = f"{period.starts_at:%-d %b %Y %H:%M} UTC"
    messages.success(request, f"Its first period begins on {begins}.")
    return _to_experiment(request, experiment_id)


@portal_view(Permission.EXPERIMENTS_WRITE, methods=FORM)
def experiment_stop(request: PortalRequest, experiment_id: UUID) -> HttpResponse:
    row = experiments().get(pk=experiment_id)
    if request.method == "POST":
        stop_experiment(experiment_id=row.pk, at=utc_now())
        messages.success(request, f"{row.name} is stopped: no period follows.")
        return _to_experiment(request, row.pk)
    return ask(
        request,
        title="Stop the experiment",
        text=f"No period of {row.name} follows the last one that is committed to.",
        consequences=[
            "The last period ends as agreed, and gets its statement a week later.",
            "After it nothing is proven, and so nothing is billed for savings.",
            "An experiment that follows begins to prove from zero.",
        ],
        button="Stop experiment",
        back_to="proof",
    )


def _actions(request: PortalRequest, row: Experiment) -> list[dict[str, str]]:
    slug = request.actor.organization.slug
    actions = []
    if request.actor.may(Permission.PROOF_SHARE):
        share_url = reverse("portal:proof_link_create", args=[slug])
        actions.append({"label": "Share", "url": f"{share_url}?experiment={row.pk}"})
    if row.stopped_at is None and request.actor.may(Permission.EXPERIMENTS_WRITE):
        for label, view in (("Next period", "experiment_plan"), ("Stop", "experiment_stop")):
            actions.append({"label": label, "url": reverse(f"portal:{view}", args=[slug, row.pk])})
    return actions


def _shares(typed: dict[str, Any]) -> dict[str, int]:
    return {name: typed[name] for name in ("holdout_percent", "ramp_percent")}


def _periods(
    organization: Organization, known: list[Period], at: datetime
) -> list[tuple[Period, str, str]]:
    """The latest first, each with its state and its salt in hexadecimal where it is published."""
    key = data_key(organization, at=at)
    salts = published_salts(known, organization_id=organization.pk, data_key=key, at=at)
    return [(row, _when(row, at), salts.get(row.pk, b"").hex()) for row in reversed(known)]


def _when(period: Period, at: datetime) -> str:
    if at < period.starts_at:
        return "To come"
    return "Now" if at < period.ends_at else "Over"


def _to_experiment(request: PortalRequest, experiment_id: UUID) -> HttpResponse:
    slug = request.actor.organization.slug
    return redirect("portal:experiment", slug=slug, experiment_id=experiment_id)
