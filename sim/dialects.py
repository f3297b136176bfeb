"""Where each provider's clients put their key, and how it writes errors and headers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.draws import base62_id, hex_id, uuid_id
from sim.errors import WireError
from sim.replies import data_event, named_event

Json = dict[str, Any]
REQUESTS, TOKENS = 10_000, 2_000_000  # a minute's allowance, of which one call is always used
_RESET = "2025-01-01T00:00:00Z"
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GOOGLE_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True)
class Dialect:
    """One provider's ways. Every function gets what the answer's hash gives, never a clock."""

    key_headers: tuple[str, ...]
    error: Callable[[WireError, bytes], Json]
    error_event: Callable[[WireError, bytes], bytes]
    headers: Callable[[bytes, int, int], dict[str, str]]  # seed, requests left, tokens left
    query_key: str = ""

    def key(self, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
        """The caller's API key, empty when there is none."""
        given = [_without_scheme(headers.get(name, "")) for name in self.key_headers]
        return next((key for key in given if key), query.get(self.query_key, ""))


def _without_scheme(value: str) -> str:
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value.strip()


def _openai_error(error: WireError, seed: bytes) -> Json:
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    kind = "requests" if error.status == 429 else kind
    code = error.code or {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(error.status)
    inner = {"message": error.message, "type": kind, "param": error.param, "code": code}
    return {"error": inner}


def _azure_error(error: WireError, seed: bytes) -> Json:
    if error.status in {400, 422}:
        return _openai_error(error, seed)
    code = "DeploymentNotFound" if error.status == 404 else str(error.status)
    return {"error": {"code": code, "message": error.message}}


def _anthropic_error(error: WireError, seed: bytes) -> Json:
    kind = _ANTHROPIC_TYPES.get(error.status, "api_error")
    inner = {"type": kind, "message": error.message}
    return {"type": "error", "error": inner, "request_id": _anthropic_id(seed)}


def _google_error(error: WireError, seed: bytes) -> Json:
    status = _GOOGLE_STATUSES.get(error.status, "UNKNOWN")
    inner: Json = {"code": error.status, "message": error.message, "status": status}
    if error.code and error.code.isupper():
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        inner["details"] = [{"@type": kind, "reason": error.code, "domain": "googleapis.com"}]
    return {"error": inner}


def _cohere_error(error: WireError, seed: bytes) -> Json:
    return {"id": uuid_id(seed, "request"), "message": error.message}


def _cohere_error_event(error: WireError, seed: bytes) -> bytes:
    delta = {"finish_reason": "ERROR", "error": error.message}
    return named_event({"type": "message-end", "id": uuid_id(seed, "answer"), "delta": delta})


def _anthropic_id(seed: bytes) -> str:
    return f"req_{base62_id(seed, 'request')}"


def _openai_headers(seed: bytes, requests: int, tokens: int) -> dict[str, str]:
    return {
        "x-request-id": f"req_{hex_id(seed, 'request')}",
        "openai-version": "2020-10-01",
        "openai-processing-ms": str(20 + seed[0]),
        "x-ratelimit-limit-requests": str(REQUESTS),
        "x-ratelimit-remaining-requests": str(requests),
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-limit-tokens": str(TOKENS),
        "x-ratelimit-remaining-tokens": str(tokens),
        "x-ratelimit-reset-tokens": "1ms",
    }


def _azure_headers(seed: bytes, requests: int, tokens: int) -> dict[str, str]:
    return {
        "x-request-id": uuid_id(seed, "request"),
        "apim-request-id": uuid_id(seed, "apim"),
        "x-ms-region": "Simulated",
        "x-ratelimit-remaining-requests": str(requests),
        "x-ratelimit-remaining-tokens": str(tokens),
    }


def _anthropic_headers(seed: bytes, requests: int, tokens: int) -> dict[str, str]:
    left = {"requests": (REQUESTS, requests)}
    left |= dict.fromkeys(("tokens", "input-tokens", "output-tokens"), (TOKENS, tokens))
    headers = {"request-id": _anthropic_id(seed), "anthropic-organization-id": "org_simulated"}
    for kind, (limit, remaining) in left.items():
        prefix = f"anthropic-ratelimit-{kind}"
        headers[f"{prefix}-limit"] = str(limit)
        headers[f"{prefix}-remaining"] = str(remaining)
        headers[f"{prefix}-reset"] = _RESET
    return headers


def _cohere_headers(seed: bytes, requests: int, tokens: int) -> dict[str, str]:
    return {
        "x-request-id": uuid_id(seed, "request"),
        "x-trial-endpoint-call-limit": str(REQUESTS),
        "x-trial-endpoint-call-remaining": str(requests),
    }


def _google_headers(seed: bytes, requests: int, tokens: int) -> dict[str, str]:
    return {"x-request-id": hex_id(seed, "request"), "server-timing": f"gfet4t7; dur={seed[0]}"}


def _as_data(shape: Callable[[WireError, bytes], Json]) -> Callable[[WireError, bytes], bytes]:
    return lambda error, seed: data_event(shape(error, seed))


BEARER = ("authorization",)
DIALECTS = {
    "openai": Dialect(BEARER, _openai_error, _as_data(_openai_error), _openai_headers),
    "azure": Dialect(
        ("api-key", "authorization"), _azure_error, _as_data(_openai_error), _azure_headers
    ),
    "anthropic": Dialect(
        ("x-api-key", "authorization"),
        _anthropic_error,
        lambda error, seed: named_event(_anthropic_error(error, seed)),
        _anthropic_headers,
    ),
    "google": Dialect(
        ("x-goog-api-key", "authorization"),
        _google_error,
        _as_data(_google_error),
        _google_headers,
        query_key="key",
    ),
    "cohere": Dialect(BEARER, _cohere_error, _cohere_error_event, _cohere_headers),
}
