"""Routes of the gateway."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.routes import RouteChange, RouteNew, RouteOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.access import Target
from apps.tenants.models import Route
from apps.tenants.permissions import Permission
from apps.tenants.selectors import routes
from apps.tenants.services.routes import (
    InvalidRoute,
    RoutePatternTaken,
    RouteTerms,
    change_route,
    create_route,
    delete_route,
    terms_of,
)


@extend_schema(tags=["Routes"])
class RoutesView(OrganizationViewSet):
    declared_access = {
        "list": Permission.ROUTES_READ,
        "retrieve": Permission.ROUTES_READ,
        "create": Permission.ROUTES_WRITE,
        "partial_update": Permission.ROUTES_WRITE,
        "destroy": Permission.ROUTES_WRITE,
    }
    raises = {
        "create": (InvalidRoute, RoutePatternTaken),
        "partial_update": (InvalidRoute, RoutePatternTaken),
    }

    @extend_schema(operation_id="listRoutes", responses=RouteOut(many=True))
    def list(self, _request: Request) -> Response:
        """List routes"""
        return self.page(routes(self.organization), RouteOut)

    @extend_schema(operation_id="getRoute", responses=RouteOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a route"""
        return Response(RouteOut(routes(self.organization).get(pk=id)).data)

    @extend_schema(operation_id="createRoute", request=RouteNew, responses={201: RouteOut})
    @acts_once
    def create(self, _request: Request) -> Response:
        """Add a route

        Calls for the models of its pattern go where it leads; without any route they go to the
        organization's credentials of the provider whose API was called.
        """
        terms = RouteTerms(**_parsed(self.checked(RouteNew)))
        route = create_route(organization=self.organization, terms=terms, at=utc_now())
        return Response(self._shown(route), status.HTTP_201_CREATED)

    @extend_schema(operation_id="updateRoute", request=RouteChange, responses=RouteOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Change a route

        Fields left out stay as they are; `targets` replace all earlier ones.
        """
        changes = _parsed(self.checked(RouteChange))
        terms = replace(terms_of(routes(self.organization).get(pk=id)), **changes)
        route = change_route(organization=self.organization, route_id=id, terms=terms)
        return Response(self._shown(route))

    @extend_schema(operation_id="deleteRoute", responses={204: None})
    def destroy(self, _request: Request, id: UUID) -> Response:
        """Delete a route"""
        delete_route(organization=self.organization, route_id=id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, route: Route) -> Any:
        return RouteOut(routes(self.organization).get(pk=route.pk)).data


def _parsed(body: dict[str, Any]) -> dict[str, Any]:
    if "targets" in body:
        body["targets"] = tuple(Target(**target) for target in body["targets"])
    return body
