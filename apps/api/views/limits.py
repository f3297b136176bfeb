"""Limits and budgets."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.limits import LimitChange, LimitNew, LimitOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.tenants.selectors import limits
from apps.tenants.services.limits import (
    InvalidLimit,
    LimitTaken,
    LimitTerms,
    change_limit,
    create_limit,
    delete_limit,
)


@extend_schema(tags=["Limits"])
class LimitsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.LIMITS_READ,
        "retrieve": Permission.LIMITS_READ,
        "create": Permission.LIMITS_WRITE,
        "partial_update": Permission.LIMITS_WRITE,
        "destroy": Permission.LIMITS_WRITE,
    }
    raises = {"create": (InvalidLimit, LimitTaken), "partial_update": (InvalidLimit,)}

    @extend_schema(operation_id="listLimits", responses=LimitOut(many=True))
    def list(self, _request: Request) -> Response:
        """List limits and budgets"""
        return self.page(limits(self.organization), LimitOut)

    @extend_schema(operation_id="getLimit", responses=LimitOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a limit"""
        return Response(LimitOut(limits(self.organization).get(pk=id)).data)

    @extend_schema(operation_id="createLimit", request=LimitNew, responses={201: LimitOut})
    @acts_once
    def create(self, _request: Request) -> Response:
        """Set a limit or a budget

        A subject has one of each kind and window. A call is bound by the limits of its key, its
        project and its organization at once.
        """
        terms = LimitTerms(**_parsed(self.checked(LimitNew)))
        limit = create_limit(organization=self.organization, terms=terms, at=utc_now())
        return Response(LimitOut(limit).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="updateLimit", request=LimitChange, responses=LimitOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Change the figures of a limit"""
        row = limits(self.organization).get(pk=id)
        figures = {name: getattr(row, name) for name in ("amount", "alert_fractions", "is_hard")}
        limit = change_limit(
            organization=self.organization,
            limit_id=id,
            **figures | _parsed(self.checked(LimitChange, is_partial=True)),
        )
        return Response(LimitOut(limit).data)

    @extend_schema(operation_id="deleteLimit", responses={204: None})
    def destroy(self, _request: Request, id: UUID) -> Response:
        """Delete a limit"""
        delete_limit(organization=self.organization, limit_id=id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _parsed(body: dict[str, Any]) -> dict[str, Any]:
    if "amount" in body:
        body["amount"] = Decimal(body["amount"])
    if "alert_fractions" in body:
        body["alert_fractions"] = tuple(map(Decimal, body["alert_fractions"]))
    return body
