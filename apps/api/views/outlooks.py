"""What the next months may bring."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.outlooks import ForecastOut
from apps.api.views.base import OrganizationViewSet
from apps.attribution.selectors import forecast
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission


@extend_schema(tags=["Statements"])
class ForecastView(OrganizationViewSet):
    declared_access = {"retrieve": Permission.USAGE_READ}

    @extend_schema(operation_id="getForecast", responses=ForecastOut)
    def retrieve(self, _request: Request) -> Response:
        """Forecast spend, savings and return

        Of this month and the next two, with intervals, and what each plan would give back of 30
        days. It rests on your own days alone and says so where they are too few.
        """
        return Response(ForecastOut(forecast(self.organization, at=utc_now())).data)
