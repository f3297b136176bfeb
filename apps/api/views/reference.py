"""The contract of the API, for programs and for people; and what answers on every other path."""

from functools import cache
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.urls import get_resolver
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.errors import NotFound
from apps.api.reference import operations_by_tag, problems_of
from apps.tenants.permissions import Access


def _generator() -> Any:
    # The package has no types.
    return SchemaGenerator(urlconf="apps.api.urls")  # type: ignore[no-untyped-call]


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document; it changes with the code only."""
    document: dict[str, Any] = _generator().get_schema(public=True)
    return document


class SchemaView(APIView):
    """OpenAPI 3.1 as JSON, or as YAML when asked for."""

    declared_access: ClassVar = {"get": Access.ANYONE}
    authentication_classes = ()
    renderer_classes = (
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
    )
    schema = None
    http_method_names = ["get", "head"]

    def get(self, _request: Request) -> Response:
        return Response(openapi_document())


class ReferenceView(TemplateView):
    """The same for people, as a page that needs no script."""

    declared_access: ClassVar = {"get": Access.ANYONE}
    http_method_names = ["get", "head"]
    template_name = "api/reference.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            groups=operations_by_tag(openapi_document()),
            problems=problems_of(get_resolver("apps.api.urls").url_patterns),
            base_url=f"{settings.PORTAL_URL}/api/v1",
            requests_per_minute=settings.API_REQUESTS_PER_MINUTE,
        )


class UnknownPath(APIView):
    """404 as a problem document, whatever the method and the Accept header."""

    declared_access: ClassVar = dict.fromkeys(APIView.http_method_names, Access.ANYONE)
    authentication_classes = ()
    schema = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    def _refuse(self, _request: Request, **_kwargs: Any) -> NoReturn:
        raise NotFound

    get = post = put = patch = delete = options = trace = _refuse  # type: ignore[assignment]
