"""What was proven saved: the overview, and each statement with its files."""

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from apps.attribution.models import SavingsStatement
from apps.attribution.selectors import closed_statements, experiments, opened_archive
from apps.attribution.statements import METHOD, amounts
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import PortalRequest, portal_view
from apps.portal.experiments import shown_experiments
from apps.portal.files import csv_file, pdf_file, verifier_file
from apps.portal.paging import page_of
from apps.portal.proving import LINE_COLUMNS, file_name, line_rows, statement_context
from apps.tenants.downloads import Download, pieces
from apps.tenants.permissions import Permission
from apps.tenants.selectors import open_projects

MOST_EXPERIMENTS = 100
STATEMENT_COLUMNS = (
    "period", "starts_at", "ends_at", "experiment_id", "untouched_usd", "paid_usd", "ledger_usd",
    "audited_usd", "proven_usd", "billed_usd", "estimated_usd", "shortfall_usd", "fee_usd",
)  # fmt: skip
ZIP = "application/zip"


@portal_view(Permission.USAGE_READ)
def proof(request: PortalRequest) -> HttpResponse:
    organization, at = request.actor.organization, utc_now()
    page = page_of(closed_statements(), request)
    names = {row.pk: row.name for row in experiments()[:MOST_EXPERIMENTS]}
    context = {
        "experiments": shown_experiments(
            list(experiments()[:MOST_EXPERIMENTS]), open_projects(organization), at=at
        ),
        "method": METHOD,
        "page": page,
        "rows": [_row(each, names.get(each.log_id, "")) for each in page.rows],
    }
    return render(request, "portal/proof/overview.html", context)


@portal_view(Permission.USAGE_READ)
def proof_file(request: PortalRequest) -> HttpResponse:
    """The statements that are on the page, exactly."""
    page = page_of(closed_statements(), request)
    return csv_file("statements.csv", STATEMENT_COLUMNS, map(_exact, page.rows))


@portal_view(Permission.USAGE_READ)
def proof_verifier(_request: PortalRequest) -> HttpResponse:
    return verifier_file()


@portal_view(Permission.USAGE_READ)
def savings_statement(request: PortalRequest, statement_id: UUID) -> HttpResponse:
    statement = closed_statements().get(pk=statement_id)
    experiment = experiments().get(pk=statement.log_id)
    context = {
        **statement_context(statement),
        "description": f"{experiment.name}, period {statement.number}",
        "actions": _actions(request, statement),
    }
    return render(request, "portal/proof/statement.html", context)


@portal_view(Permission.USAGE_READ)
def savings_file(_request: PortalRequest, statement_id: UUID) -> HttpResponse:
    statement = closed_statements().get(pk=statement_id)
    return csv_file(file_name(statement, "csv"), LINE_COLUMNS, line_rows(statement))


@portal_view(Permission.USAGE_READ)
def savings_archive(request: PortalRequest, statement_id: UUID) -> HttpResponseBase:
    statement = closed_statements().get(pk=statement_id)
    file = opened_archive(statement.log_id, organization=request.actor.organization, at=utc_now())
    return Download(pieces(file), ZIP, file_name(statement, "zip"))


def _actions(request: PortalRequest, statement: SavingsStatement) -> list[dict[str, str]]:
    slug = request.actor.organization.slug
    actions = [
        {"label": label, "icon": "download", "url": reverse(view, args=[slug, statement.pk])}
        for label, view in (("PDF", "portal:savings_pdf"), ("CSV", "portal:savings_file"))
    ]
    if request.actor.may(Permission.PROOF_SHARE):
        share_url = reverse("portal:proof_link_create", args=[slug])
        actions.append({"label": "Share", "url": f"{share_url}?statement={statement.pk}"})
    if request.actor.may(Permission.STATEMENTS_WRITE):
        dispute_url = reverse("portal:dispute_create", args=[slug])
        actions.append({"label": "Dispute", "url": f"{dispute_url}?statement={statement.pk}"})
    return actions


@portal_view(Permission.USAGE_READ)
def savings_pdf(request: PortalRequest, statement_id: UUID) -> HttpResponse:
    statement = closed_statements().get(pk=statement_id)
    return pdf_file(statement, request.actor.organization.name)


def _row(statement: SavingsStatement, experiment: str) -> dict[str, object]:
    found = amounts(statement.document)
    shown = ("paid", "ledger", "proven", "billed", "fee")
    return {
        "statement": statement,
        "experiment": experiment,
        "is_corrected": bool(statement.corrections.all()),
        **{name: shown_usd(getattr(found, name)) for name in shown},
    }


def _exact(statement: SavingsStatement) -> list[object]:
    found, period = amounts(statement.document), statement.period
    named = (getattr(found, name.removesuffix("_usd")) for name in STATEMENT_COLUMNS[4:])
    return [statement.number, period.starts_at, period.ends_at, str(statement.log_id), *named]
