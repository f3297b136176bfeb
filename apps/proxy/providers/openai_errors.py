"""Errors in the shape of OpenAI's APIs. Source: openai-python, ErrorObject and _exceptions.py."""

from typing import Any

import orjson

from apps.proxy.providers.dialect import json_error
from apps.proxy.providers.facts import Header
from apps.proxy.providers.wire import JsonDialect, Reader

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class OpenAIReader(Reader):
    """Breaks off with data that holds an `error`, on which clients raise."""

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`data: {"error": …}`, and no `[DONE]` behind it."""
        return _error_event(code, message)


class OpenAIDialect(JsonDialect):
    """Errors of all of OpenAI's endpoints."""

    def error(
        self, status: int, code: str, message: str, *, request_id: str, param: str | None = None
    ) -> tuple[list[Header], bytes]:
        """`{"error": {message, type, param, code}}` and `x-request-id`."""
        header = (b"x-request-id", request_id.encode("latin-1", "replace"))
        return json_error(_error(status, code, message, param), code, header)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`data: {"error": …}`, and no `[DONE]` behind it."""
        return _error_event(code, message)


def _error(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    kind = _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _error_event(code: str, message: str) -> bytes:
    return b"data: " + orjson.dumps(_error(502, code, message)) + b"\n\n"
