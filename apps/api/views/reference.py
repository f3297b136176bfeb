"""The contract of the API, for programs and for people; and what answers on every other path."""

from functools import cache
from typing import Any, ClassVar, NoReturn

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
from apps.tenants.permissions import Access


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document; it changes with the code only."""
    document: dict[str, Any] = SchemaGenerator(urlconf="apps.api.urls").get_schema(public=True)
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
    http_method_names: ClassVar[list[str]] = ["get", "head"]

    def get(self, _request: Request) -> Response:
        return Response(openapi_document())


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
