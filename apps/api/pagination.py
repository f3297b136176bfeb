"""Cursor pagination, stable while rows are added, with signed cursors."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.core import signing
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
Position = tuple[Any, UUID]


class Pages(BasePagination):
    """Pages of {"data", "next_cursor"}; a cursor works for the path that gave it."""

    next_cursor: str | None

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"data": data, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {
            "type": ["string", "null"],
            "description": "Send it as cursor to read on; null on the last page.",
        }
        return {
            "type": "object",
            "required": ["data", "next_cursor"],
            "properties": {"data": schema, "next_cursor": cursor},
        }

    def get_schema_operation_parameters(self, _view: "APIView") -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _parameter("limit", "How many to return.", limit),
            _parameter("cursor", "next_cursor of the page before.", {"type": "string"}),
        ]


class NewestFirst(Pages):
    """Pages by (time, id) descending; a view may name another field in `ordered_by`.

    The field may be a time, an amount or a number that is never null in the rows that are paged.
    """

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: "APIView | None" = None,
    ) -> list[Any]:
        """One page of `queryset`. Raises ValidationError for a bad limit or cursor."""
        rows = cast("QuerySet[Any]", queryset)
        field = str(getattr(view, "ordered_by", "created_at"))
        limit = _limit(request.query_params.get("limit"))
        rows = rows.order_by(f"-{field}", "-id")
        if text := request.query_params.get("cursor"):
            rows = rows.filter(_after(_position(text, rows, field, request), field))
        found = list(rows[: limit + 1])
        self.next_cursor = _sealed(found[limit - 1], field, request) if len(found) > limit else None
        return found[:limit]


class ByKey(Pages):
    """Pages of a sequence in memory, in the order of `view.key(row)`: a tuple of texts."""

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: "APIView | None" = None,
    ) -> list[Any]:
        """One page of `queryset`. Raises ValidationError for a bad limit or cursor."""
        key: Callable[[Any], tuple[str, ...]] = view.key  # type: ignore[union-attr]  # always given
        limit = _limit(request.query_params.get("limit"))
        rows = sorted(queryset, key=key)
        if text := request.query_params.get("cursor"):
            last = tuple(_opened(text, request))
            rows = rows[bisect_right(rows, last, key=key) :]
        more = len(rows) > limit
        self.next_cursor = _signed(list(key(rows[limit - 1])), request) if more else None
        return rows[:limit]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise ValidationError({"limit": [f"Send a whole number from 1 to {MAX_LIMIT}."]})
    return int(text)


def _after(position: Position, field: str) -> Q:
    at, last_id = position
    # The first condition follows from the second, and is one that an index can begin at.
    return Q(**{f"{field}__lte": at}) & (Q(**{f"{field}__lt": at}) | Q(id__lt=last_id))


def _sealed(row: Model, field: str, request: Request) -> str:
    value = getattr(row, field)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return _signed([text, str(row.pk)], request, field)


def _position(text: str, rows: QuerySet[Any], field: str, request: Request) -> Position:
    value, last_id = _opened(text, request, field)
    annotation = rows.query.annotations.get(field)
    known = annotation.output_field if annotation else rows.model._meta.get_field(field)
    return cast("Field[Any, Any]", known).to_python(value), UUID(last_id)


def _signed(texts: list[str], request: Request, order: str = "") -> str:
    return signing.dumps(texts, salt=_salt(request, order))


def _opened(text: str, request: Request, order: str = "") -> list[str]:
    try:
        texts: list[str] = signing.loads(text, salt=_salt(request, order))
    except signing.BadSignature as error:
        raise ValidationError(
            {"cursor": ["This is no cursor of ours. Send next_cursor unchanged."]}
        ) from error
    return texts


def _salt(request: Request, order: str) -> str:
    return f"apps.api.cursor:{request.path}:{order}"
