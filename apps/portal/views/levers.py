"""What levers may do."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.optimization.access import LEVERS, Policy, resolved
from apps.optimization.models import Policy as Row
from apps.optimization.selectors import policies, terms_of
from apps.optimization.services import set_policy
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.levers import LABELS, SECONDS_AN_HOUR, PolicyForm
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission
from apps.tenants.selectors import api_keys, open_projects

EXPLANATIONS = {
    "exact_cache": "Gives the same call the same answer again, without asking the provider. Only "
    "where temperature is 0, unless you say otherwise.",
    "near_exact": "Takes questions for the same that differ in spelling and small words only, "
    "never in a number, a name or a negation.",
    "semantic": "Takes single questions for the same that mean the same, within a bound on wrong "
    "answers that you set.",
    "routing": "Sends conversations to a cheaper one of the models allowed below where its "
    "answers are certified to be as good, by kind of request.",
    "compression": "Shortens tool results and repeats that were not sent yet, without losing what "
    "they say, and leaves out tools that a conversation does not need; each form once certified.",
    "prompt_cache": "Marks what the provider should keep, so that it charges a tenth for reading "
    "it again. The model sees the same prompt.",
    "tier": "Takes the provider's cheaper tiers for calls that say until when they can wait, and "
    "the ordinary one before their time is up.",
}
LEVELS = {"on": "success", "shadow": "info", "off": "neutral"}


class Line(NamedTuple):
    """A lever as the page shows it."""

    label: str
    text: str
    state: str
    level: str


class Subject(NamedTuple):
    """Somebody who says something."""

    name: str
    said: str
    row: Row


@portal_view(Permission.POLICIES_READ)
def lever_list(request: PortalRequest) -> HttpResponse:
    rows = policies()
    own = [terms_of(row) for row in rows if row.project_id is None]
    context = {
        "levers": _lines(resolved(*own)),
        "subjects": _subjects(request.actor.organization, [row for row in rows if row.project_id]),
    }
    return render(request, "portal/levers/list.html", context)


@portal_view(Permission.POLICIES_WRITE, methods=FORM)
def lever_edit(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    chosen = request.GET.get("project", "")
    form = PolicyForm(request.POST or None, organization=organization, initial=_initial(chosen))
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            set_policy(
                organization=organization,
                terms=form.terms(),
                project_id=form.project_id,
                set_by=request.actor.id,
                at=utc_now(),
            )
            messages.success(request, "It holds for calls from now on.")
            return redirect("portal:levers", slug=organization.slug)
    return render(request, "portal/levers/form.html", {"form": form})


def _lines(policy: Policy) -> list[Line]:
    return [
        Line(LABELS[lever], EXPLANATIONS[lever], state.capitalize(), LEVELS[state])
        for lever in LEVERS
        for state in (policy.state(lever),)
    ]


def _subjects(organization: Organization, rows: list[Row]) -> list[Subject]:
    names: dict[Any, str] = {row.pk: f"Project {row.name}" for row in open_projects(organization)}
    if any(row.api_key_id for row in rows):
        names |= {row.pk: f"API key {row.name} {row.hint}" for row in api_keys(organization)}
    return [
        Subject(name, _said(row), row)
        for row in rows
        if (name := names.get(row.api_key_id or row.project_id))
    ]


def _said(row: Row) -> str:
    levers = [f"{LABELS[lever]} {row.levers[lever]}" for lever in LEVERS if lever in row.levers]
    share = [] if row.traffic_percent is None else [f"{row.traffic_percent} % of conversations"]
    return ", ".join(levers + share) or "As above"


def _initial(project: str) -> dict[str, Any]:
    rows = [row for row in policies() if str(row.project_id or "") == project]
    row = next((row for row in rows if row.api_key_id is None), None)
    if row is None:
        return {"subject": project}
    drawn, ttl = row.caches_any_temperature, row.cache_ttl_s
    return {
        "subject": project,
        "quality_bound": None if row.quality_bound is None else row.quality_bound * 100,
        "cache_hours": None if ttl is None else -(-ttl // SECONDS_AN_HOUR),
        "caches_any_temperature": "" if drawn is None else "yes" if drawn else "no",
        "allowed_models": ", ".join(row.allowed_models or ()),
        "judge_model": row.judge_model or "",
        "deadline_minutes": None if row.deadline_s is None else -(-row.deadline_s // 60),
        "traffic_percent": "" if row.traffic_percent is None else str(row.traffic_percent),
        **row.levers,
    }
