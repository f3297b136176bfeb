"""What every operation inside an organization stands on."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, ClassVar, cast

import pghistory
import structlog
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.viewsets import GenericViewSet

from apps.api.authentication import ActingRequest
from apps.api.parsers import MAX_BODY_BYTES, check_length
from apps.api.serializers.fields import PageQuery, Query
from apps.api.throttling import CallerThrottle, rate_headers
from apps.kernel.errors import NetraError
from apps.tenants.actors import Actor
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import Access, Permission

WithBody = type[Serializer[Any]]


class OrganizationViewSet(GenericViewSet[Any]):
    """Operations of one caller in one organization, run inside its scope.

    declared_access: what each action asks for. raises: the errors each action documents beyond
    those of every operation.
    """

    declared_access: ClassVar[Mapping[str, Permission | Access]] = {}
    raises: ClassVar[Mapping[str, tuple[type[NetraError], ...]]] = {}
    http_method_names = ["get", "post", "patch", "delete", "head"]
    ordered_by = "created_at"
    most_body_bytes = MAX_BODY_BYTES
    raw_body = b""
    _is_asked = False

    @property
    def actor(self) -> Actor:
        return cast(Actor, self.request.auth)

    @property
    def organization(self) -> Organization:
        return self.actor.organization

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._scope:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.take_body(request)
        super().initial(request, *args, **kwargs)
        actor = self.actor
        cast(ActingRequest, request._request).actor = actor
        self._scope.enter_context(tenant_scope(actor.organization))
        self._scope.enter_context(structlog.contextvars.bound_contextvars(caller=actor.id))
        self._scope.enter_context(pghistory.context(caller=actor.id))

    def take_body(self, request: Request) -> None:
        """Bound the body and read it. Raises BodyTooLarge, LengthRequired."""
        check_length(request.headers, self.most_body_bytes)
        # Before anything else reads the stream, so that it stays readable for everybody.
        self.raw_body = request.body

    def get_throttles(self) -> list[Any]:
        self.throttles = super().get_throttles()
        return self.throttles

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        finalized = super().finalize_response(request, response, *args, **kwargs)
        for throttle in getattr(self, "throttles", ()):
            if isinstance(throttle, CallerThrottle) and throttle.verdict:
                for name, value in rate_headers(throttle.verdict).items():
                    finalized[name] = value
        finalized["Cache-Control"] = "no-store"
        return finalized

    def checked(self, serializer_class: WithBody, *, is_partial: bool = False) -> dict[str, Any]:
        """The validated body. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, partial=is_partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def asked(self, query_class: type[Query]) -> Any:
        """The validated query string, as its serializer. Raises ValidationError."""
        self._is_asked = True
        query = query_class(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        return query

    def paginate_queryset(self, queryset: Any) -> Any:
        """One page; a list that was not asked for anything takes no parameters but its own. Raises
        ValidationError.
        """
        if not self._is_asked:
            self.asked(PageQuery)
        return super().paginate_queryset(queryset)

    def page(self, rows: QuerySet[Any], serializer_class: type[BaseSerializer[Any]]) -> Response:
        """One page of `rows`, newest first. Raises ValidationError."""
        found = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer_class(found, many=True).data)

    @staticmethod
    def rendered(response: Response) -> bytes:
        """The body of a response as JSON."""
        body: bytes = JSONRenderer().render(response.data)
        return body
