"""What calls cost."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import ByKey
from apps.api.serializers.fields import PageQuery
from apps.api.serializers.prices import PriceOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.pricing.rates import PriceBook, Rate
from apps.pricing.selectors import price_book
from apps.tenants.permissions import Permission

FILTERS = {
    "provider": "Prices of this provider.",
    "model": "Prices of the model that is meant by this name, dated or not.",
    "tier": "Prices of this tier.",
}


class PriceQuery(PageQuery):
    """Of the list of prices; the views read the filters themselves."""

    beside = PageQuery.beside | {*FILTERS}


@extend_schema(tags=["Prices"])
class PricesView(OrganizationViewSet):
    declared_access = {"list": Permission.ORGANIZATION_READ}
    pagination_class = ByKey

    @extend_schema(
        operation_id="listPrices",
        responses=PriceOut(many=True),
        parameters=[
            OpenApiParameter(name, str, description="Exactly this one.") for name in FILTERS
        ],
    )
    def list(self, request: Request) -> Response:
        """List prices

        Of every model in the price book now, the organization's contracted rates applied. A model
        that is not listed is unpriced: its calls are recorded and counted, without a cost.
        """
        self.asked(PriceQuery)
        now = utc_now()
        book = price_book(now).for_organization(str(self.organization.pk))
        wanted = {name: request.query_params.get(name) for name in FILTERS}
        found = self.paginate_queryset([r for r in book.rates(now) if _matches(r, wanted, book)])
        shown = PriceOut(found or [], many=True, context={"version": book.version})  # type: ignore[arg-type]  # a list, as `many` says
        return self.get_paginated_response(shown.data)

    @staticmethod
    def key(rate: Rate) -> tuple[str, ...]:
        """What prices are ordered by; unique."""
        return rate.provider, rate.model, rate.tier, rate.region


def _matches(rate: Rate, wanted: dict[str, str | None], book: PriceBook) -> bool:
    if wanted["provider"] not in (None, rate.provider) or wanted["tier"] not in (None, rate.tier):
        return False
    name = wanted["model"]
    if name in (None, rate.model):
        return True
    meant = book.model(rate.provider, name)
    return meant is not None and meant.id == rate.model
