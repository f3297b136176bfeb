"""Errors in the shape of OpenAI's APIs. Source: openai-python, ErrorObject and _exceptions.py."""

from typing import Any

import orjson

from apps.proxy.providers.dialect import json_error
from apps.proxy.providers.facts import Header

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_document(
    status: int, code: str, message: str, param: str | None = None
) -> dict[str, Any]:
    """The body of an error."""
    kind = _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_answer(
    status: int, code: str, message: str, request_id: str, param: str | None
) -> tuple[list[Header], bytes]:
    """Headers and body of an error; clients read the id from `x-request-id`."""
    document = error_document(status, code, message, param)
    return json_error(document, code, (b"x-request-id", request_id.encode("latin-1", "replace")))


def error_data(code: str, message: str) -> bytes:
    """A stream's last event: clients raise on data with an `error`."""
    return b"data: " + orjson.dumps(error_document(502, code, message)) + b"\n\n"
