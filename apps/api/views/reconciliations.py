"""What providers say that they charged, beside what we recorded."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.reconciliations import ReconciliationOut, StatementNew, StatementOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.usage.reconciling import reconciliation, statements, summaries
from apps.usage.services.statements import StatementFile, record_statement
from apps.usage.statements import Columns, InvalidStatement


@extend_schema(tags=["Reconciliation"])
class ReconciliationsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.USAGE_READ,
        "retrieve": Permission.USAGE_READ,
        "create": Permission.STATEMENTS_WRITE,
    }
    raises = {"create": (InvalidStatement,)}
    most_body_bytes = 2 * 1024 * 1024

    @extend_schema(operation_id="listReconciliations", responses=StatementOut(many=True))
    def list(self, _request: Request) -> Response:
        """List reconciliations

        One for each provider and month that a statement was given for.
        """
        found = self.paginate_queryset(statements()) or []
        return self.get_paginated_response(StatementOut(summaries(found), many=True).data)

    @extend_schema(operation_id="getReconciliation", responses=ReconciliationOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a reconciliation

        By model where the provider's file names models, with unpriced and estimated calls. Months
        are those of UTC, as providers count them.
        """
        return Response(ReconciliationOut(reconciliation(statements().get(pk=id))).data)

    @extend_schema(
        operation_id="createReconciliation",
        request=StatementNew,
        responses={201: ReconciliationOut},
    )
    @acts_once
    def create(self, _request: Request) -> Response:
        """Give a provider's cost export

        It takes the place of an earlier one of the same provider and month. At most 2 MiB; the
        portal takes larger files.
        """
        given = self.checked(StatementNew)
        columns = Columns(**given["columns"]) if "columns" in given else None
        file = StatementFile(
            given["file_name"], given["content"].encode(), given["source"], columns
        )
        statement = record_statement(
            provider=given["provider"],
            month=given["month"],
            file=file,
            given_by=self.actor.id,
            at=utc_now(),
        )
        return Response(ReconciliationOut(reconciliation(statement)).data, status.HTTP_201_CREATED)
