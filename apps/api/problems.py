"""What may go wrong with which operation, for the reference."""

from collections.abc import Iterable
from typing import Any

from rest_framework import exceptions

from apps.api.authentication import OrganizationRequired, OrganizationUnknown
from apps.api.errors import (
    PROBLEM_TYPE,
    BodyTooLarge,
    DatabaseUnavailable,
    LengthRequired,
    NotFound,
    problem,
)
from apps.kernel.errors import NetraError
from apps.tenants.idempotency.services import KeyReused, StillRunning
from apps.tenants.permissions import GrantRefused, Permission, PermissionRefused
from apps.tenants.services.api_keys import KeyRefused

EXAMPLE_REQUEST_ID = "0b6f1c9e-3f0c-4a55-9d1e-6d0d7c3e8a11"
SCHEMA_REF = "#/components/schemas/Problem"

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Identifies the problem."},
        "title": {"type": "string", "description": "The problem in short."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened and what to do next."},
        "code": {"type": "string", "description": "Stable; programs decide by it."},
        "request_id": {"type": "string", "description": "Name it when you write to us."},
        "errors": {
            "type": "array",
            "description": "One item for each wrong field.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {
                    "field": {"type": "string", "description": "Dotted path, or body."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

DESCRIPTIONS = {
    400: "The request is malformed.",
    401: "The caller is not known.",
    402: "The plan allows no more of this.",
    403: "The caller may not do this.",
    404: "There is no such thing in the organization.",
    406: "The answer cannot have the media type asked for.",
    409: "The present state does not allow it.",
    411: "The length of the body is missing.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The Idempotency-Key belongs to another request.",
    429: "The caller has spent its calls; Retry-After says when to go on.",
    500: "Something failed on our side.",
    503: "A part of the service is away; Retry-After says when to try again.",
}


def _of_error(error: NetraError) -> dict[str, Any]:
    return problem(code=error.code, status=error.http_status, detail=error.detail)


def _of_framework(error: exceptions.APIException) -> dict[str, Any]:
    return problem(code=str(error.get_codes()), status=error.status_code, detail=str(error.detail))


INVALID_REQUEST = problem(
    code="invalid_request",
    status=400,
    detail="Correct the fields named in errors.",
    errors=[{"field": "name", "detail": "This field is required."}],
)
OF_EVERY_OPERATION = (
    INVALID_REQUEST,
    _of_error(OrganizationRequired()),
    _of_error(KeyRefused()),
    _of_framework(exceptions.NotAuthenticated()),
    _of_error(PermissionRefused(Permission.KEYS_WRITE)),
    _of_error(NotFound()),
    _of_error(OrganizationUnknown()),
    _of_framework(exceptions.NotAcceptable()),
    _of_framework(exceptions.Throttled()),
    _of_error(NetraError()),
    _of_error(DatabaseUnavailable()),
)
OF_BODIES = (
    _of_framework(exceptions.ParseError()),
    _of_error(LengthRequired()),
    _of_error(BodyTooLarge("Send at most 262144 bytes in one request.")),
    _of_framework(exceptions.UnsupportedMediaType("text/plain")),
)
OF_POSTS = (_of_error(StillRunning()), _of_error(KeyReused()))


SHARED = (*OF_EVERY_OPERATION, *OF_BODIES, *OF_POSTS)


def documented(method: str, raises: Iterable[type[NetraError]]) -> dict[str, Any]:
    """The error responses of an operation by status: shared ones, or its own with examples."""
    statuses = {example["status"] for example in OF_EVERY_OPERATION}
    if method in {"POST", "PATCH"}:
        statuses |= {example["status"] for example in OF_BODIES}
    if method == "POST":
        statuses |= {example["status"] for example in OF_POSTS}
    own = _by_status(_of_error(_instance(error)) for error in raises)
    return {
        str(status): _own_response(status, method, own[status])
        if status in own
        else {"$ref": f"#/components/responses/Problem{status}"}
        for status in sorted(statuses | set(own))
    }


def shared_responses() -> dict[str, Any]:
    """The components that `documented` refers to."""
    return {
        f"Problem{status}": _response(status, examples)
        for status, examples in _by_status(SHARED).items()
    }


def catalogue(raises: Iterable[type[NetraError]]) -> list[dict[str, Any]]:
    """An example of each problem, by status and code; `raises` adds those of operations."""
    examples = [*SHARED, *(_of_error(_instance(error)) for error in raises)]
    by_code = {example["code"]: example for example in examples}
    return sorted(by_code.values(), key=lambda example: (example["status"], example["code"]))


def _own_response(status: int, method: str, own: list[dict[str, Any]]) -> dict[str, Any]:
    common = _by_status(SHARED if method == "POST" else OF_EVERY_OPERATION)
    return _response(status, [*common.get(status, ()), *own])


def _by_status(examples: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for example in examples:
        found.setdefault(example["status"], []).append(example)
    return found


def _instance(error: type[NetraError]) -> NetraError:
    # This one words itself from what is missing.
    return GrantRefused([Permission.CREDENTIALS_WRITE]) if error is GrantRefused else error()


def _response(status: int, examples: list[dict[str, Any]]) -> dict[str, Any]:
    named = {
        example["code"]: {"value": example | {"request_id": EXAMPLE_REQUEST_ID}}
        for example in examples
    }
    return {
        "description": DESCRIPTIONS[status],
        "content": {PROBLEM_TYPE: {"schema": {"$ref": SCHEMA_REF}, "examples": named}},
    }
