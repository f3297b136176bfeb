"""The proof as others read it by a link: without signing in, without a cookie."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from apps.attribution.models import SavingsStatement
from apps.attribution.selectors import (
    closed_statements,
    experiments,
    import_report,
    opened_archive,
    savings_statements,
    standing,
)
from apps.attribution.sharing.models import ProofLink
from apps.attribution.statements import amounts
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.portal.access import open_view
from apps.portal.estimates import estimate_context
from apps.portal.files import pdf_file, verifier_file
from apps.portal.proving import file_name, standing_context, statement_context, title_of
from apps.portal.shared_links import TooManyVisits, opened, unindexed
from apps.portal.views.errors import too_many_visits
from apps.tenants.downloads import Download, pieces
from apps.tenants.permissions import Access

MOST_STATEMENTS = 36
ZIP = "application/zip"
Shared = Callable[[HttpRequest, ProofLink, str], HttpResponseBase]


def _shared(view: Shared) -> Callable[..., HttpResponseBase]:
    """A view of the link that the token in the address opens."""

    @wraps(view)
    def enter(request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            with opened(request, token, view.__name__.removeprefix("shared_")) as link:
                return unindexed(view(request, link, token))
        except TooManyVisits as error:
            return unindexed(too_many_visits(request, error))

    return enter


@open_view(Access.ANYONE)
@_shared
def shared_proof(request: HttpRequest, link: ProofLink, token: str) -> HttpResponseBase:
    context: dict[str, Any] = {
        "link": link,
        "organization_name": link.organization.name,
        "verifier_url": reverse("portal:shared_verifier", args=[token]),
        "archive_url": reverse("portal:shared_archive", args=[token]) if link.has_archive else "",
    }
    if link.import_id:
        return render(request, "proof/shared_import.html", context | _estimate(link.import_id))
    if link.statement_id:
        statement = closed_statements().get(pk=link.statement_id)
        pdf = {"label": "PDF", "url": reverse("portal:shared_pdf", args=[token])}
        found = statement_context(statement) | {"actions": [pdf | {"icon": "download"}]}
        return render(request, "proof/shared_statement.html", context | found)
    if link.experiment_id is None:
        raise Http404
    found = _experiment(link, link.experiment_id)
    return render(request, "proof/shared_experiment.html", context | found)


@open_view(Access.ANYONE)
@_shared
def shared_archive(_request: HttpRequest, link: ProofLink, _token: str) -> HttpResponseBase:
    statement = _latest(link) if link.has_archive else None
    if statement is None:
        raise Http404
    file = opened_archive(statement.log_id, organization=link.organization, at=utc_now())
    return Download(pieces(file), ZIP, file_name(statement, "zip"))


@open_view(Access.ANYONE)
@_shared
def shared_pdf(_request: HttpRequest, link: ProofLink, _token: str) -> HttpResponseBase:
    statement = _latest(link)
    if statement is None:
        raise Http404
    return pdf_file(statement, link.organization.name)


@open_view(Access.ANYONE)
@_shared
def shared_verifier(_request: HttpRequest, _link: ProofLink, _token: str) -> HttpResponseBase:
    return verifier_file()


def _estimate(import_id: UUID) -> dict[str, Any]:
    try:
        return estimate_context(import_report(import_id))
    except ObjectDoesNotExist as error:  # imports are forgotten after the retention
        raise Http404 from error


def _latest(link: ProofLink) -> SavingsStatement | None:
    """The one that the link opens, else the last of its experiment."""
    if link.statement_id:
        return closed_statements().get(pk=link.statement_id)
    return closed_statements().filter(log_id=link.experiment_id).first()


def _experiment(link: ProofLink, experiment_id: UUID) -> dict[str, Any]:
    statements = savings_statements(experiment_id).select_related("period").reverse()
    latest = _latest(link)
    return {
        **standing_context(standing(experiment_id)),
        "title": experiments().get(pk=experiment_id).name,
        "statement": latest,
        "archive_name": file_name(latest, "zip") if latest else "",
        "rows": [_row(each) for each in statements[:MOST_STATEMENTS]],
    }


def _row(statement: SavingsStatement) -> dict[str, str]:
    found = amounts(statement.document)
    names = ("paid", "ledger", "proven", "billed", "fee")
    shown = {name: shown_usd(getattr(found, name)) for name in names}
    return {"period": title_of(statement), **shown}
