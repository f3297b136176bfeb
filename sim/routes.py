"""Which handler answers which path, in whose dialect."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.calls import Call
from sim.replies import Reply
from sim.wire import (
    anthropic_batches,
    anthropic_messages,
    cohere,
    google,
    openai_batches,
    openai_chat,
    openai_files,
    openai_media,
    openai_responses,
    openai_texts,
)
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
_GOOGLE_METHOD = re.compile(r"/models/[^/]+:(\w+Content|countTokens|batchEmbedContents)$")
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
    if path.startswith("/openai/") and not path.startswith("/openai/v1/"):
        return Place("azure", "/v1/" + path.removeprefix("/openai/"))
    for prefix in _OPENAI_PREFIXES:
        if path.startswith(prefix):
            return Place("openai", "/v1/" + path.removeprefix(prefix))
    return Place(_dialect(path, headers), path)


def _dialect(path: str, headers: Mapping[str, str]) -> str:
    is_googles_path = path.startswith(("/v1beta/", "/v1alpha/")) or _GOOGLE_METHOD.search(path)
    if is_googles_path or "x-goog-api-key" in headers:
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


_OPENAI, _GOOGLE = "openai azure", r"/(?:v1|v1beta|v1alpha)/models"
_ID = r"/(?P<id>[^/]+)"
_MODEL = rf"{_GOOGLE}/(?P<model>[^/:]+)"
ROUTES = (
    _route(_OPENAI, "POST", "/v1/chat/completions", openai_chat.chat),
    _route(_OPENAI, "POST", "/v1/responses", openai_responses.create),
    _route(_OPENAI, "GET", f"/v1/responses{_ID}", openai_responses.retrieve),
    _route(_OPENAI, "DELETE", f"/v1/responses{_ID}", openai_responses.delete),
    _route(_OPENAI, "GET", f"/v1/responses{_ID}/input_items", openai_responses.input_items),
    _route(_OPENAI, "POST", "/v1/completions", openai_texts.completions),
    _route(_OPENAI, "POST", "/v1/embeddings", openai_texts.embeddings),
    _route(_OPENAI, "POST", "/v1/moderations", openai_texts.moderations),
    _route(_OPENAI, "GET", "/v1/models", openai_texts.models),
    _route(_OPENAI, "GET", "/v1/models/(?P<id>.+)", openai_texts.model),
    _route(_OPENAI, "POST", "/v1/images/generations", openai_media.images),
    _route(_OPENAI, "POST", "/v1/audio/speech", openai_media.speech),
    _route(_OPENAI, "POST", "/v1/audio/(transcriptions|translations)", openai_media.transcriptions),
    _route(_OPENAI, "POST", "/v1/files", openai_files.upload),
    _route(_OPENAI, "GET", "/v1/files", openai_files.list_all),
    _route(_OPENAI, "GET", f"/v1/files{_ID}", openai_files.retrieve),
    _route(_OPENAI, "GET", f"/v1/files{_ID}/content", openai_files.content),
    _route(_OPENAI, "DELETE", f"/v1/files{_ID}", openai_files.delete),
    _route(_OPENAI, "POST", "/v1/batches", openai_batches.create),
    _route(_OPENAI, "GET", "/v1/batches", openai_batches.list_all),
    _route(_OPENAI, "GET", f"/v1/batches{_ID}", openai_batches.retrieve),
    _route(_OPENAI, "POST", f"/v1/batches{_ID}/cancel", openai_batches.cancel),
    _route("anthropic", "POST", "/v1/messages", anthropic_messages.messages),
    _route("anthropic", "POST", "/v1/messages/count_tokens", anthropic_messages.count_tokens),
    _route("anthropic", "POST", "/v1/messages/batches", anthropic_batches.create),
    _route("anthropic", "GET", "/v1/messages/batches", anthropic_batches.list_all),
    _route("anthropic", "GET", f"/v1/messages/batches{_ID}", anthropic_batches.retrieve),
    _route("anthropic", "POST", f"/v1/messages/batches{_ID}/cancel", anthropic_batches.cancel),
    _route("anthropic", "DELETE", f"/v1/messages/batches{_ID}", anthropic_batches.delete),
    _route("anthropic", "GET", f"/v1/messages/batches{_ID}/results", anthropic_batches.results),
    _route("anthropic", "GET", "/v1/models", anthropic_batches.models),
    _route("anthropic", "GET", f"/v1/models{_ID}", anthropic_batches.model),
    _route("google", "POST", f"{_MODEL}:generateContent", google.generate),
    _route("google", "POST", f"{_MODEL}:streamGenerateContent", google.stream),
    _route("google", "POST", f"{_MODEL}:countTokens", google.count_tokens),
    _route("google", "POST", f"{_MODEL}:embedContent", google.embed),
    _route("google", "POST", f"{_MODEL}:batchEmbedContents", google.embed_batch),
    _route("google", "GET", _GOOGLE, google.models),
    _route("google", "GET", _MODEL, google.model),
    _route("cohere", "POST", "/v2/chat", cohere.chat),
    _route("cohere", "POST", "/v2/embed", cohere.embed),
    _route("cohere", "POST", "/v2/rerank", cohere.rerank),
    _route("cohere", "GET", "/v1/models", cohere.models),
    _route("cohere", "GET", f"/v1/models{_ID}", cohere.model),
)


def find_route(place: Place, method: str) -> tuple[Handler, dict[str, str]] | None:
    """The handler and what its pattern captured, None when no operation is there."""
    for route in ROUTES:
        if method != route.method or place.dialect not in route.dialects:
            continue
        if found := route.pattern.fullmatch(place.path):
            return route.handler, found.groupdict()
    return None
