"""Errors as `application/problem+json` (RFC 9457): one shape for everything under /api/v1/."""

import math
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.kernel.errors import NetraError

if TYPE_CHECKING:  # rest_framework.views imports this module
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
RETRY_SECONDS = 5
_WHO = "Send an API key as Authorization: Bearer nap_…; the portal's page API keys makes one."


class FieldError(TypedDict):
    """What is wrong with one field; `field` is a dotted path, or "body" for the whole."""

    field: str
    detail: str


class DatabaseUnavailable(NetraError):
    code = "temporarily_unavailable"
    http_status = 503
    message = (
        "A part of our service is unavailable. Try again in a moment; with the same "
        "Idempotency-Key nothing happens twice."
    )


class NotFound(NetraError):
    code = "not_found"
    http_status = 404
    message = "There is nothing here. Check the id and the path."


class BodyTooLarge(NetraError):
    code = "body_too_large"
    http_status = 413


class LengthRequired(NetraError):
    code = "length_required"
    http_status = 411
    message = "Send the body with a Content-Length header."


def problem(
    *, code: str, status: int, detail: str, errors: Iterable[FieldError] = ()
) -> dict[str, Any]:
    """The members of a problem document; `errors` only when there are any."""
    document: dict[str, Any] = {
        "type": problem_type(code),
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    listed = list(errors)
    return {**document, "errors": listed} if listed else document


def problem_type(code: str) -> str:
    """The URL that identifies an error; it leads to its place in the reference."""
    return urljoin(settings.PORTAL_URL, f"/api/v1/docs#problem-{code}")


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None leaves an unknown error to Django's logging and our 500."""
    known = _known(error)
    if known is None:
        return None
    if isinstance(known, NetraError):
        return _response_to_netra_error(known)
    return _response_to_framework_error(known, _detail(known, context["view"]))


def _detail(error: exceptions.APIException, view: "APIView") -> str:
    """What happened, and what to do."""
    if isinstance(error, exceptions.NotAuthenticated):
        return _WHO
    if isinstance(error, exceptions.UnsupportedMediaType):
        taken = " or ".join(str(each.media_type) for each in view.get_parsers())
        return f"{error.detail} Send {taken}."
    return str(error.detail)


def status_detail(status: int) -> tuple[str, str]:
    """Code and sentence for a bare HTTP status, as middleware and servers raise it."""
    if status >= 500:
        return NetraError.code, NetraError.message
    phrase = HTTPStatus(status).phrase
    return phrase.lower().replace(" ", "_").replace("-", "_"), f"{phrase}."


def _known(error: Exception) -> NetraError | exceptions.APIException | None:
    if isinstance(error, (OperationalError, InterfaceError)):
        log.error("database_unavailable", exc_info=error)
        return DatabaseUnavailable()
    if isinstance(error, (Http404, ObjectDoesNotExist)):
        return NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return exceptions.PermissionDenied()
    return error if isinstance(error, (NetraError, exceptions.APIException)) else None


def _response_to_netra_error(error: NetraError) -> Response:
    status, code, detail = error.http_status, error.code, error.detail
    if status >= 500 and not isinstance(error, DatabaseUnavailable):
        log.error("api_request_failed", exc_info=error)
        code, detail = NetraError.code, NetraError.message
    response = _response(problem(code=code, status=status, detail=detail))
    if status in {409, 429, 503} and (seconds := getattr(error, "retry_after_seconds", None)):
        response["Retry-After"] = str(seconds)
    elif status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _response_to_framework_error(error: exceptions.APIException, detail: str) -> Response:
    errors = list(_flattened(error.detail)) if _is_validation(error) else []
    detail = "Correct the fields named in errors." if errors else detail
    code = "invalid_request" if _is_validation(error) else error.get_codes()
    response = _response(
        problem(code=str(code), status=error.status_code, detail=detail, errors=errors)
    )
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _response(document: dict[str, Any]) -> Response:
    return Response(document, status=document["status"], content_type=PROBLEM_TYPE)


def _is_validation(error: exceptions.APIException) -> bool:
    return isinstance(error, exceptions.ValidationError)


def _flattened(detail: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flattened(inner, _joined(path, str(name)))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, (dict, list))
            yield from _flattened(inner, _joined(path, str(position)) if nested else path)
    else:
        yield FieldError(field=path or "body", detail=str(detail))


def _joined(path: str, name: str) -> str:
    if name == "non_field_errors":
        return path
    return f"{path}.{name}" if path else name
