"""Which handler answers which path, in whose dialect."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.calls import Call
from sim.replies import Reply
from sim.wire import anthropic_messages, openai_chat
from sim.world import World

Handler = Callable[[Call, World], Reply]
_AZURE_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)(/.+)")
# Prefixes under which compatible providers (and other dialects) offer OpenAI's paths.
_OPENAI_PREFIXES = (
    "/openai/v1/",
    "/v1beta/openai/",
    "/api/v1/",
    "/compatibility/v1/",
    "/inference/v1/",
)
_ANTHROPIC_SIGNS = ("x-api-key", "anthropic-version")


@dataclass(frozen=True)
class Place:
    """Where a request leads: dialect, canonical path, and the model if the path names it."""

    dialect: str
    path: str
    model: str = ""


def place_of(path: str, headers: Mapping[str, str]) -> Place:
    """The dialect by path, and by the client's own headers where providers share a path."""
    if found := _AZURE_DEPLOYMENT.fullmatch(path):
        return Place("azure", f"/v1{found[2]}", found[1])
    if path.startswith("/openai/v1/") and "api-key" in headers:
        return Place("azure", path.removeprefix("/openai"))
    for prefix in _OPENAI_PREFIXES:
        if path.startswith(prefix):
            return Place("openai", "/v1/" + path.removeprefix(prefix))
    return Place(_dialect(path, headers), path)


def _dialect(path: str, headers: Mapping[str, str]) -> str:
    if path.startswith(("/v1beta/", "/v1alpha/", "/upload/")) or "x-goog-api-key" in headers:
        return "google"
    if path.startswith("/v2/") or headers.get("x-fern-sdk-name") == "cohere":
        return "cohere"
    is_anthropic = any(sign in headers for sign in _ANTHROPIC_SIGNS)
    return "anthropic" if path.startswith("/v1/messages") or is_anthropic else "openai"


@dataclass(frozen=True)
class Route:
    """One operation of one dialect."""

    dialects: frozenset[str]
    method: str
    pattern: re.Pattern[str]
    handler: Handler


def _route(dialects: str, method: str, pattern: str, handler: Handler) -> Route:
    return Route(frozenset(dialects.split()), method, re.compile(pattern), handler)


_OPENAI = "openai azure"
ROUTES = (
    _route(_OPENAI, "POST", "/v1/chat/completions", openai_chat.chat),
    _route("anthropic", "POST", "/v1/messages", anthropic_messages.messages),
    _route("anthropic", "POST", "/v1/messages/count_tokens", anthropic_messages.count_tokens),
)


def find_route(place: Place, method: str) -> tuple[Handler, dict[str, str]] | None:
    """The handler and what its pattern captured, None when no operation is there."""
    for route in ROUTES:
        if method != route.method or place.dialect not in route.dialects:
            continue
        if found := route.pattern.fullmatch(place.path):
            return route.handler, found.groupdict()
    return None
