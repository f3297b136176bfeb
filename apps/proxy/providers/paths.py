"""Which endpoint a request means, by its method and path.

`/p/{provider}/…` pins a provider and carries everything it has, known to us or not: a client whose
base URL is `https://gateway/p/groq` finds all of Groq's own paths behind it.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, NamedTuple
from urllib.parse import unquote

from apps.kernel.errors import NetraError
from apps.proxy.providers.endpoints import (
    ANTHROPIC,
    COHERE,
    COHERE_V1,
    GOOGLE,
    MANAGED,
    OPENAI,
    Shape,
)
from apps.proxy.providers.facts import Endpoint, Family, Headers
from apps.proxy.providers.table import PROVIDERS, Provider

PINNED = "/p/"
# The paths that are the gateway's where it shares a host with the portal.
PREFIXES = ("/v1/", "/v1beta/", "/v1alpha/", "/v2/", "/openai/", "/upload/", PINNED)
_AZURE_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)(/.+)")
_OPENAI_ROOTS = (
    ("/v1beta/openai", "google"),
    ("/openai/v1", "azure_openai"),
    ("/openai", "azure_openai"),
)
_SLASH = r"(?:/|\\|%2f|%5c)"
_CLIMB = re.compile(rf"{_SLASH}\.{{1,2}}(?:{_SLASH}|$)", re.IGNORECASE)
# Escapes of characters that need none mean the same (RFC 3986 §6.2.2.2).
_ESCAPED = re.compile(r"%(2[de]|3\d|[46][1-9a-f]|[57][\da]|5f|7e)", re.IGNORECASE)
_GOOGLE_METHOD = re.compile(r".*/([^/:]+):([A-Za-z]+)")
_GOOGLE_ROOTS = ("/v1beta/", "/v1alpha/", "/upload/", "/download/")
_HOMES: dict[Family, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "cohere": "cohere",
    "any": "openai",
}
_TABLES: dict[Family, Mapping[str, Shape]] = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "cohere": COHERE,
}
_OPENAI_PATHS = frozenset("/v1" + path for path in OPENAI)
# What the SDKs of these send; it settles whose a path is that several APIs have.
_HINTS: dict[Family, Headers] = {
    "anthropic": ((b"anthropic-version", b""),),
    "google": ((b"x-goog-api-key", b""),),
}


class UnsafePath(NetraError):
    """The path climbs out of where it stands, or stands nowhere."""

    code: ClassVar[str] = "unsafe_path"
    http_status: ClassVar[int] = 400
    message: ClassVar[str] = (
        "The path holds a `.` or `..`, or does not begin with a slash. Write it from its root."
    )


class Place(NamedTuple):
    """Whose API a path belongs to; `path` is what follows the family's root."""

    family: Family
    home: str
    path: str
    model: str | None


class UnknownProvider(NetraError):
    """The path pins a provider that we do not know."""

    code: ClassVar[str] = "unknown_provider"
    http_status: ClassVar[int] = 404
    message: ClassVar[str] = "Unknown provider. Use one of: " + ", ".join(PROVIDERS) + "."


def is_provider_path(path: str) -> bool:
    """Whether a request for `path` belongs to the gateway and not to the portal."""
    return path.startswith(PREFIXES)


def endpoint_of(method: str, path: str, headers: Headers = ()) -> Endpoint:
    """The endpoint; what no table knows is `passthrough` of the family that prefix or key tell.

    path: as the client sent it (ASGI's `raw_path`), without query. Raises UnknownProvider,
    UnsafePath.
    """
    if method == "POST" and path in _FIXED:
        return _FIXED[path]
    path = _plain(path)
    if not path.startswith("/") or _CLIMB.search(path):
        raise UnsafePath
    if path.startswith(PINNED):
        return _pinned(method, path, headers)
    return _endpoint(method, _place(path, headers))


def _plain(path: str) -> str:
    """Without escapes that hide what a path is from our tables and not from a provider."""
    if "%" not in path:
        return path
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), path)


def _pinned(method: str, path: str, headers: Headers) -> Endpoint:
    name, _, rest = path.removeprefix(PINNED).partition("/")
    provider = PROVIDERS.get(name)
    if provider is None:
        raise UnknownProvider
    place = _place_at(provider, method, "/" + rest, headers)
    return replace(_endpoint(method, place), home=name, provider=name)


def _place_at(provider: Provider, method: str, path: str, headers: Headers) -> Place:
    """Where a path of the provider's own, or of a family's as on the gateway, belongs."""
    place = _place(path, (*headers, *_HINTS.get(provider.family, ())))
    if place.family in provider.doors:
        return place
    found = [
        Place(family, provider.name, path.removeprefix(door.root), None)
        for family, door in provider.doors.items()
        if door.root and path.startswith(door.root + "/")
    ]
    if path in OPENAI:
        found.append(Place("openai", provider.name, path, None))
    known = (one for one in found if _shape(method, one).kind != "unknown")
    return next(known, found[0] if found else Place("any", provider.name, path, None))


def _place(path: str, headers: Headers) -> Place:
    if path.startswith("/openai/"):
        deployment = _AZURE_DEPLOYMENT.fullmatch(path)
        if deployment:
            return Place("openai", "azure_openai", deployment[2], unquote(deployment[1]))
    for root, home in _OPENAI_ROOTS:
        if path.startswith(root + "/"):
            return Place("openai", home, path.removeprefix(root), None)
    family = _family(path, headers)
    rest = path.removeprefix("/v1") if family == "openai" else path
    return Place(family, _HOMES[family], rest, None)


def _family(path: str, headers: Headers) -> Family:
    if path.startswith("/v1/messages"):
        return "anthropic"
    if path.startswith(_GOOGLE_ROOTS) or _GOOGLE_METHOD.fullmatch(path):
        return "google"
    if path.startswith("/v2/") or path in COHERE_V1:
        return "cohere"
    return _shared_family(path, headers)


def _shared_family(path: str, headers: Headers) -> Family:
    """Paths that several APIs have, such as /v1/models, are told apart by what SDKs send."""
    if path in _OPENAI_PATHS:
        return "openai"
    names = {name for name, _ in headers}
    if b"anthropic-version" in names or b"x-api-key" in names:
        return "anthropic"
    if b"x-goog-api-key" in names:
        return "google"
    return "openai" if path.startswith("/v1/") else "any"


def _endpoint(method: str, place: Place) -> Endpoint:
    shape, model = _shape(method, place), place.model
    if place.family == "google" and (found := _GOOGLE_METHOD.fullmatch(place.path)):
        model = unquote(found[1])
    return Endpoint(
        shape.name, shape.dialect, place.family, shape.kind, place.path, place.home, model
    )


def _shape(method: str, place: Place) -> Shape:
    known: Shape | None = None
    if place.family == "google":
        found = _GOOGLE_METHOD.fullmatch(place.path)
        known = GOOGLE.get(found[2]) if found and method == "POST" else None
    elif method == "POST" or place.path == "/realtime":
        known = _TABLES.get(place.family, {}).get(place.path)
    return known or _managed(place.family, place.path)


def _managed(family: Family, path: str) -> Shape:
    """Lists, files and the like, by their first word; anything else passes unnamed."""
    words = path.removeprefix("/v1").removeprefix("beta").split("/")
    dialect = "passthrough" if family in ("openai", "any") else f"passthrough_{family}"
    if path.startswith("/v1/messages/batches"):
        return Shape("messages.batches", dialect, "manage")
    if len(words) > 1 and words[1] in MANAGED:
        return Shape(words[1], dialect, "manage")
    return Shape("passthrough", dialect, "unknown")


# What no header has a say in, so that the usual call is looked up and not worked out.
_FIXED = {
    path: _endpoint("POST", _place(path, ())) for path in (*_OPENAI_PATHS, *ANTHROPIC, *COHERE)
}
