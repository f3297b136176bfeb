"""Disputes of savings statements, and their difference reports."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.disputes import DisputeIn, DisputeOut, ReportOut
from apps.api.views.base import OrganizationViewSet
from apps.attribution.disputes.selectors import disputes, report_of
from apps.attribution.disputes.services import DisputeOpen, InvalidDispute, open_dispute
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission


@extend_schema(tags=["Statements"])
class DisputesView(OrganizationViewSet):
    declared_access = {
        "list": Permission.USAGE_READ,
        "retrieve": Permission.USAGE_READ,
        "report": Permission.USAGE_READ,
        "create": Permission.STATEMENTS_WRITE,
    }
    raises = {"create": (InvalidDispute, DisputeOpen)}
    ordered_by = "opened_at"

    @extend_schema(operation_id="listDisputes", responses=DisputeOut(many=True))
    def list(self, _request: Request) -> Response:
        """List disputes

        Newest first.
        """
        return self.page(disputes(self.organization), DisputeOut)

    @extend_schema(operation_id="getDispute", responses=DisputeOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a dispute"""
        return Response(DisputeOut(disputes(self.organization).get(pk=id)).data)

    @extend_schema(operation_id="createDispute", request=DisputeIn, responses={201: DisputeOut})
    @acts_once
    def create(self, _request: Request) -> Response:
        """Dispute a savings statement

        Our support is told; the statement is recomputed from its raw rows, and you get an answer as
        a notice. What was wrong is corrected beside the statement, which itself never changes.
        """
        row = open_dispute(
            organization=self.organization,
            by=self.actor.id,
            at=utc_now(),
            **self.checked(DisputeIn),
        )
        return Response(DisputeOut(row).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="getDisputeReport", responses=ReportOut)
    def report(self, _request: Request, id: UUID) -> Response:
        """Show the difference report of a dispute

        The latest one; 404 until the statement is recomputed.
        """
        return Response(ReportOut(report_of(self.organization, id).report).data)
