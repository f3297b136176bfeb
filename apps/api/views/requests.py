"""The request log."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.requests import (
    ContentOut,
    RequestDetailOut,
    RequestFilter,
    RequestOut,
)
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.usage.selectors import EventFilter, event, events
from apps.usage.services.contents import open_content


@extend_schema(tags=["Requests"])
class RequestsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.USAGE_READ,
        "retrieve": Permission.USAGE_READ,
        "content": Permission.CONTENT_READ,
    }
    ordered_by = "started_at"

    @extend_schema(
        operation_id="listRequests", parameters=[RequestFilter], responses=RequestOut(many=True)
    )
    def list(self, request: Request) -> Response:
        """List requests

        What went through the gateway, newest first, a second after it ended.
        """
        wanted = RequestFilter(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        return self.page(events(EventFilter(**wanted.validated_data)), RequestOut)

    @extend_schema(operation_id="getRequest", responses=RequestDetailOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a request

        By the id in `Netra-Request-Id`: what a stream cost is found here.
        """
        return Response(RequestDetailOut(event(id)).data)

    @extend_schema(operation_id="getRequestContent", responses=ContentOut)
    def content(self, _request: Request, id: UUID) -> Response:
        """Show what was asked and answered

        Of projects that keep content, until their retention ends; 404 for every other request.
        """
        document = open_content(organization=self.organization, event_id=id, at=utc_now())
        return Response(ContentOut(document).data)
