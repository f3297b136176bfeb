"""Routes: which providers carry the calls for a model."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.kernel.clock import utc_now
from apps.portal.access import FORM, PortalRequest, portal_view
from apps.portal.forms.errors import shown_in
from apps.portal.forms.routes import RouteForm
from apps.portal.paging import page_of
from apps.portal.views.confirmation import ask
from apps.tenants.models import Route
from apps.tenants.permissions import Permission
from apps.tenants.selectors import routes
from apps.tenants.services.credentials import PROVIDERS
from apps.tenants.services.routes import (
    RouteTerms,
    change_route,
    create_route,
    delete_route,
    terms_of,
)

BLANK = RouteTerms(pattern="", targets=())


@portal_view(Permission.ROUTES_READ)
def route_list(request: PortalRequest) -> HttpResponse:
    page = page_of(routes(request.actor.organization), request)
    rows = [(row, _targets(row)) for row in page.rows]
    return render(request, "portal/routes/list.html", {"page": page, "rows": rows})


@portal_view(Permission.ROUTES_WRITE, methods=FORM)
def route_create(request: PortalRequest) -> HttpResponse:
    organization = request.actor.organization
    form = RouteForm(request.POST or None, organization=organization, terms=BLANK)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            route = create_route(organization=organization, terms=form.terms(), at=utc_now())
            messages.success(request, f"Calls for {route.pattern} take the new route.")
            return _to_list(request)
    return render(request, "portal/routes/form.html", {"form": form, "title": "Add a route"})


@portal_view(Permission.ROUTES_WRITE, methods=FORM)
def route_edit(request: PortalRequest, route_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    terms = terms_of(routes(organization).get(pk=route_id))
    form = RouteForm(request.POST or None, organization=organization, terms=terms)
    if request.method == "POST" and form.is_valid():
        with shown_in(form):
            route = change_route(organization=organization, route_id=route_id, terms=form.terms())
            messages.success(request, f"The route for {route.pattern} is changed.")
            return _to_list(request)
    return render(request, "portal/routes/form.html", {"form": form, "title": "Change the route"})


@portal_view(Permission.ROUTES_WRITE, methods=FORM)
def route_delete(request: PortalRequest, route_id: UUID) -> HttpResponse:
    organization = request.actor.organization
    route = routes(organization).get(pk=route_id)
    if request.method == "POST":
        delete_route(organization=organization, route_id=route_id)
        messages.success(request, f"The route for {route.pattern} is deleted.")
        return _to_list(request)
    return ask(
        request,
        title="Delete the route",
        text=f"The route for {route.pattern} is deleted.",
        consequences=["Calls for these models take the next route that fits, else none."],
        button="Delete route",
        back_to="routes",
    )


def _targets(route: Route) -> list[str]:
    """A line for each target: the first choices, then the fallbacks."""
    lines = []
    for target in sorted(route.targets.all(), key=lambda each: (each.priority, each.pk)):
        name = f": {target.credential.name}" if target.credential else ""
        model = f" as {target.model}" if target.model else ""
        rank = f" (fallback {target.priority})" if target.priority else ""
        provider = PROVIDERS.get(target.provider, target.provider)
        lines.append(f"{provider}{name}{model}{rank}")
    return lines


def _to_list(request: PortalRequest) -> HttpResponse:
    return redirect("portal:routes", slug=request.actor.organization.slug)
