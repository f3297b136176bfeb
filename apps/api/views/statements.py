"""Statements of what was proven saved, and the archive that anyone can re-run."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.statements import SavingsStatementOut, StatementQuery
from apps.api.views.base import OrganizationViewSet
from apps.attribution.paper import statement_pdf
from apps.attribution.selectors import closed_statements, opened_archive
from apps.kernel.clock import utc_now
from apps.tenants.downloads import Download, pieces
from apps.tenants.permissions import Permission

MEDIA_TYPE, PDF = "application/zip", "application/pdf"


@extend_schema(tags=["Statements"])
class StatementsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.USAGE_READ,
        "retrieve": Permission.USAGE_READ,
        "archive": Permission.USAGE_READ,
        "pdf": Permission.USAGE_READ,
    }
    ordered_by = "finalised_at"

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # Files are what they are, whatever Accept says.
        is_file = self.action in {"archive", "pdf"}
        return super().perform_content_negotiation(request, force or is_file)

    @extend_schema(
        operation_id="listStatements",
        parameters=[StatementQuery],
        responses=SavingsStatementOut(many=True),
    )
    def list(self, _request: Request) -> Response:
        """List savings statements

        One for each period of each experiment, once none of its conversations goes on.
        """
        rows, wanted = closed_statements(), self.asked(StatementQuery).validated_data
        if "experiment_id" in wanted:
            rows = rows.filter(log_id=wanted["experiment_id"])
        return self.page(rows, SavingsStatementOut)

    @extend_schema(operation_id="getStatement", responses=SavingsStatementOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a savings statement

        It never changes; what it should have said is a correction beside it.
        """
        return Response(SavingsStatementOut(closed_statements().get(pk=id)).data)

    @extend_schema(
        operation_id="getStatementArchive", responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY}
    )
    def archive(self, _request: Request, id: UUID) -> Download:
        """Download a statement's archive

        All that its experiment's closed periods follow from, rows and prices and salts, for
        `netra_verify.py`, which re-runs them to the cent without us.
        """
        statement = closed_statements().get(pk=id)
        file = opened_archive(statement.log_id, organization=self.organization, at=utc_now())
        return Download(pieces(file), MEDIA_TYPE, f"statement-{statement.number}.zip")

    @extend_schema(operation_id="getStatementPdf", responses={(200, PDF): OpenApiTypes.BINARY})
    def pdf(self, _request: Request, id: UUID) -> Download:
        """Download a statement as PDF

        The same bytes each time, until a correction is written beside the statement.
        """
        statement = closed_statements().get(pk=id)
        content = statement_pdf(statement, organization_name=self.organization.name)
        return Download(iter([content]), PDF, f"statement-{statement.number}.pdf")
