"""What Netra was worth."""

from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.value import ValueOut, ValueQueryIn
from apps.api.views.base import OrganizationViewSet
from apps.attribution.selectors import value
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.usage.querying import InvalidQuery
from apps.usage.selectors import SearchTooWide


@extend_schema(tags=["Statements"])
class ValueView(OrganizationViewSet):
    declared_access = {"retrieve": Permission.USAGE_READ}
    raises = {"retrieve": (InvalidQuery, SearchTooWide)}

    @extend_schema(operation_id="getValue", parameters=[ValueQueryIn], responses=ValueOut)
    def retrieve(self, _request: Request) -> Response:
        """Get the value

        What requests would have cost without Netra, what they did cost, and what of the difference
        is proven or estimated; by lever, by time, and both arms of the experiment side by side.
        The figures of the page *Value* and its file, exactly.
        """
        asked = self.asked(ValueQueryIn)
        zone, at = ZoneInfo(self.organization.time_zone), utc_now()
        query = asked.query(zone=zone, today=at.astimezone(zone).date())
        return Response(ValueOut(value(query, at=at)).data)
