"""What levers are certified for, and on what evidence: counts and labels, never content."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.optimization.access import LABELS
from apps.optimization.models import Certificate
from apps.optimization.selectors import (
    Gathered,
    certificate,
    certificates,
    comparisons,
    evidence_of,
    gathered,
    state_of,
)
from apps.optimization.services import ALARM
from apps.portal.access import PortalRequest, portal_view
from apps.portal.paging import page_of
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission

STATES = {
    "standing": ("Standing", "success"),
    "expired": ("Expired", "neutral"),
    "replaced": ("Replaced", "neutral"),
    "bound_lowered": ("Bound lowered", "neutral"),
    "drift": ("Withdrawn: drift", "warning"),
}
LABELLERS = {
    "known": "known to the gateway",
    "exact": "compared word by word",
    "task": "compared by tools or values",
    "vectors": "about something else",
    "judge": "judged by a model",
    "feedback": "told by feedback",
}


class Line(NamedTuple):
    """A certificate as the pages show it."""

    row: Certificate
    lever: str
    project: str
    state: str
    level: str
    bound: str
    error_upper: str
    hit_upper: str
    cost: str


@portal_view(Permission.POLICIES_READ)
def certificate_list(request: PortalRequest) -> HttpResponse:
    page, projects = page_of(certificates(), request), _projects(request.actor.organization)
    context = {
        "page": page,
        "lines": [_line(row, projects) for row in page.rows],
        "gathered": _gathered(gathered(at=utc_now()), projects),
    }
    return render(request, "portal/levers/certificates.html", context)


@portal_view(Permission.POLICIES_READ)
def certificate_page(request: PortalRequest, certificate_id: UUID) -> HttpResponse:
    row = certificate(certificate_id)
    evidence, page = evidence_of(row), page_of(comparisons(row), request)
    context = {
        "line": _line(row, _projects(request.actor.organization)),
        "thresholds": [_tested(each) for each in row.evidence["thresholds"]],
        "labellers": [
            (LABELLERS.get(name, name), count) for name, count in row.evidence["labellers"].items()
        ],
        "evidence": evidence,
        "drift_percent": round(100 * evidence.drift / ALARM) if evidence else None,
        "page": page,
        "labels": [(each, LABELLERS.get(each.labeller, each.labeller)) for each in page.rows],
    }
    return render(request, "portal/levers/certificate.html", context)


def _projects(organization: Organization) -> dict[UUID, str]:
    return dict(organization.projects.values_list("pk", "name"))


def _line(row: Certificate, projects: dict[UUID, str]) -> Line:
    state, level = STATES[state_of(row, at=utc_now())]
    return Line(
        row,
        LABELS[row.lever],
        projects.get(row.project_id, ""),
        state,
        level,
        _percent(float(row.bound)),
        _percent(row.error_upper),
        "" if row.hit_upper is None else _percent(row.hit_upper),
        shown_usd(row.cost_usd),
    )


def _tested(step: dict[str, Any]) -> dict[str, Any]:
    shown = {name: _percent(step[name]) for name in ("request_upper", "hit_upper")}
    return step | {"threshold": f"{step['threshold']:.3f}".rstrip("0").rstrip(".")} | shown


def _gathered(found: Sequence[Gathered], projects: dict[UUID, str]) -> list[dict[str, Any]]:
    return [
        {
            "lever": LABELS.get(each.evidence.lever, each.evidence.lever),
            "project": projects.get(each.evidence.project_id, ""),
            "namespace": each.evidence.namespace,
            "seen": each.evidence.seen,
            "labels": each.labels,
            "errors": each.errors,
            "cost": shown_usd(each.usd),
        }
        for each in found
    ]


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"
