"""Calls that are answered later: how far they are, and their results."""

from typing import Any
from uuid import UUID

import orjson
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.deferred_calls import DeferredCallDetailOut, DeferredCallOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.optimization.deadlines.selectors import DeferredCall, deferred_call, deferred_calls
from apps.optimization.deadlines.services import (
    DeferredCallEnded,
    cancel_deferred,
    open_result,
)
from apps.tenants.permissions import Permission


@extend_schema(tags=["Deferred calls"])
class DeferredCallsView(OrganizationViewSet):
    """A key sees the calls of its own project, as it is the one that asks there."""

    declared_access = {
        "list": Permission.GATEWAY_CALL,
        "retrieve": Permission.GATEWAY_CALL,
        "cancel": Permission.GATEWAY_CALL,
    }
    raises = {"cancel": (DeferredCallEnded,)}

    @extend_schema(operation_id="listDeferredCalls", responses=DeferredCallOut(many=True))
    def list(self, _request: Request) -> Response:
        """List deferred calls

        Calls that were sent with `Netra-Deadline` and `Prefer: respond-async`, the newest first;
        with a key those of its project. They are kept for 30 days.
        """
        return self.page(deferred_calls(project_id=self._project_id), DeferredCallOut)

    @extend_schema(operation_id="getDeferredCall", responses=DeferredCallDetailOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a deferred call and its result

        Ask again until `status` is none of `waiting` and `batched`; the webhook
        `deferred_call.completed` tells when. The result is deleted an hour after it was fetched
        first, and after 7 days in any case.
        """
        row = deferred_call(id, project_id=self._project_id)
        return Response(self._shown(row))

    @extend_schema(operation_id="cancelDeferredCall", request=None, responses=DeferredCallOut)
    @acts_once
    def cancel(self, _request: Request, id: UUID) -> Response:
        """Cancel a deferred call

        Nobody gets its answer any more. What a provider's batch has begun is still charged.
        """
        row = deferred_call(id, project_id=self._project_id)
        row = cancel_deferred(call_id=row.pk, at=utc_now())
        return Response(DeferredCallOut(row).data)

    @property
    def _project_id(self) -> UUID | None:
        key = self.actor.api_key
        return key.project_id if key else None

    def _shown(self, row: DeferredCall) -> Any:
        body = open_result(self.organization, row, at=utc_now())
        result = None if body is None else orjson.loads(body)
        return DeferredCallDetailOut(row, context={"result": result}).data
