"""The request log."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.requests import (
    ContentOut,
    ExportFilter,
    RequestDetailOut,
    RequestOut,
    RequestSearch,
)
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.downloads import Download
from apps.tenants.permissions import Permission
from apps.usage.exports import FORMATS, exported
from apps.usage.selectors import EventFilter, SearchTooWide, bounded, event, events
from apps.usage.services.contents import open_content

MEDIA_TYPES = sorted({each.media_type.partition(";")[0] for each in FORMATS.values()})


@extend_schema(tags=["Requests"])
class RequestsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.USAGE_READ,
        "retrieve": Permission.USAGE_READ,
        "content": Permission.CONTENT_READ,
        "export": Permission.USAGE_READ,
    }
    raises = {"list": (SearchTooWide,)}
    ordered_by = "started_at"

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # A file is what `format` says, whatever Accept says.
        return super().perform_content_negotiation(request, force or self.action == "export")

    @extend_schema(
        operation_id="listRequests", parameters=[RequestSearch], responses=RequestOut(many=True)
    )
    def list(self, _request: Request) -> Response:
        """List and search requests

        What went through the gateway, newest first unless sorted otherwise, a second after it
        ended. A search reads at most a few seconds; give it a window by since and until.
        """
        wanted = dict(self.asked(RequestSearch).validated_data)
        self.ordered_by = wanted.pop("sort")
        with bounded():
            known = {f"{self.ordered_by}__isnull": False}
            return self.page(events(EventFilter(**wanted)).filter(**known), RequestOut)

    @extend_schema(
        operation_id="exportRequests",
        parameters=[ExportFilter],
        responses={(200, media_type): OpenApiTypes.BINARY for media_type in MEDIA_TYPES},
    )
    def export(self, _request: Request) -> Download:
        """Export requests

        All that match as one file, oldest first, sent while it is read: any length, and figures
        that sum to those of the API exactly. A file that breaks off was cut by an error.
        """
        wanted, now = dict(self.asked(ExportFilter).validated_data), utc_now()
        name = wanted.pop("format")
        chunks = exported(self.organization, EventFilter(**wanted), name=name, at=now)
        return Download(chunks, FORMATS[name].media_type, f"requests.{FORMATS[name].ending}")

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
