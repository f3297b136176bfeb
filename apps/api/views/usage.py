"""Sums of usage."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.usage import UsageOut, UsageQueryIn, local, query_of
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.tenants.downloads import Download
from apps.tenants.permissions import Permission
from apps.usage.exports.delimited import csv_chunks
from apps.usage.querying import DIMENSIONS, Answer, InvalidQuery, usage
from apps.usage.selectors import SearchTooWide

_FILTERS = [
    OpenApiParameter(
        name, str, many=True, explode=True, description="Exactly this, or any of these."
    )
    for name in DIMENSIONS
]


@extend_schema(tags=["Usage"])
class UsageView(OrganizationViewSet):
    declared_access = {"query": Permission.USAGE_READ}
    raises = {"query": (InvalidQuery, SearchTooWide)}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # A file is what `format` says, whatever Accept says.
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="queryUsage",
        parameters=[UsageQueryIn, *_FILTERS],
        responses={(200, "application/json"): UsageOut, (200, "text/csv"): OpenApiTypes.STR},
    )
    def query(self, request: Request) -> Response | Download:
        """Query usage

        Measures by dimensions, in a window. Sums are kept as calls come: an answer takes
        milliseconds and equals the sum of the requests exactly, adjustments of their prices
        included. What no sum is kept of is read from the requests, for a few seconds at most. By
        lever, a call counts for each lever that saved on it. Imported calls count when
        `kind=import` asks for them.
        """
        asked = self.asked(UsageQueryIn)
        filters = {
            n: request.query_params.getlist(n) for n in DIMENSIONS if n in request.query_params
        }
        query = query_of(asked.validated_data, filters, self.organization.time_zone)
        answer = usage(query, at=utc_now())
        if asked.validated_data["format"] == "csv":
            return Download(_csv(answer), "text/csv; charset=utf-8", "usage.csv")
        return Response(UsageOut(answer).data)


def _csv(answer: Answer) -> Iterator[bytes]:
    query = answer.query
    columns = ("window_since", "window_until", "at", *query.dimensions, *query.measures)
    windows = [answer, answer.previous] if answer.previous else [answer]
    return csv_chunks(columns, (_lines(each) for each in windows))


def _lines(answer: Answer) -> Iterator[list[Any]]:
    query = answer.query
    window = [local(each.astimezone(query.zone)) for each in (query.since, query.until)]
    for row in answer.rows:
        yield [*window, local(row.at), *row.dimensions.values(), *row.measures.values()]
