"""Links by which others read the proof."""

from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.attribution.selectors import closed_statements, experiments
from apps.attribution.sharing.models import ProofLink
from apps.attribution.sharing.selectors import proof_links, visits
from apps.attribution.sharing.services import LinkTerms, create_proof_link, revoke_proof_link
from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.proof_links import ProofLinkForm
from apps.portal.paging import page_of
from apps.portal.proving import title_of
from apps.portal.views.confirmation import ask
from apps.tenants.models import User
from apps.tenants.permissions import Permission
from apps.usage.imports.selectors import import_of, imports

MOST_VISITS = 50


@portal_view(Permission.PROOF_SHARE)
def link_list(request: PortalRequest) -> HttpResponse:
    page, at = page_of(proof_links(request.actor.organization), request), utc_now()
    rows = [(row, row.is_usable(at=at)) for row in page.rows]
    return render(request, "portal/proof/links.html", {"page": page, "rows": rows})


@portal_view(Permission.PROOF_SHARE)
def link_page(request: PortalRequest, link_id: UUID) -> HttpResponse:
    row = proof_links(request.actor.organization).get(pk=link_id)
    context = {
        "link": row,
        "is_usable": row.is_usable(at=utc_now()),
        "visits": visits(row)[:MOST_VISITS],
        "what": _what(row),
    }
    return render(request, "portal/proof/link.html", context)


@portal_view(Permission.PROOF_SHARE, methods=FORM)
def link_create(request: PortalRequest) -> HttpResponse:
    """`?statement=ID`, `?experiment=ID` or `?import=ID` says what the link opens."""
    subject, title = _subject(request)
    form = ProofLinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            made = create_proof_link(
                organization=request.actor.organization,
                terms=LinkTerms(**subject, **form.cleaned_data),
                created_by=request.user if isinstance(request.user, User) else None,
                at=utc_now(),
            )
            context = {"link": made.link, "url": link_url(made.token), "title": title}
            return render(request, "portal/proof/link_once.html", context)
    context = {"form": form, "title": title}
    return render(request, "portal/proof/link_create.html", context)


@portal_view(Permission.PROOF_SHARE, methods=FORM)
def link_revoke(request: PortalRequest, link_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    row = proof_links(organization).get(pk=link_id)
    if request.method == "POST":
        revoke_proof_link(organization=organization, link_id=row.pk, at=utc_now())
        messages.success(request, f"The link for {row.name} opens nothing any more.")
        return redirect("portal:proof_links", slug=organization.slug)
    return ask(
        request,
        title="Revoke the link",
        text=f"The link for {row.name} opens nothing from now on.",
        consequences=["It cannot be opened again; make another one instead."],
        button="Revoke link",
        back_to="proof_links",
    )


def link_url(token: str) -> str:
    """The whole address of a link."""
    return urljoin(settings.PORTAL_URL, reverse("portal:shared_proof", args=[token]))


def _subject(request: PortalRequest) -> tuple[dict[str, Any], str]:
    try:
        if given := request.GET.get("statement"):
            statement = closed_statements().get(pk=UUID(given))
            return {"statement_id": statement.pk}, f"Statement of {title_of(statement)}"
        if given := request.GET.get("import"):
            imported = import_of(UUID(given))
            return {"import_id": imported.pk}, f"Estimate from {imported.name}"
        row = experiments().get(pk=UUID(request.GET.get("experiment", "")))
    except ValueError as error:
        raise Http404 from error
    return {"experiment_id": row.pk}, f"{row.name}, as it runs"


def _what(link: ProofLink) -> str:
    if link.statement_id:
        return f"Statement of {title_of(closed_statements().get(pk=link.statement_id))}"
    if link.experiment_id:
        return f"{experiments().get(pk=link.experiment_id).name}, as it runs"
    return _estimate(link.import_id) if link.import_id else ""


def _estimate(import_id: UUID) -> str:
    """Imports are forgotten after the retention, links later."""
    imported = imports().filter(pk=import_id).first()
    return f"Estimate from {imported.name}" if imported else "An estimate that is forgotten"
