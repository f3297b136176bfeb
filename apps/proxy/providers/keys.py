"""Where keys stand in a request: ours, and the customer's own of a provider."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from apps.proxy.providers.facts import Header, Headers
from apps.proxy.providers.table import KeyStyle

OUR_PREFIX = "nap_"
OUR_HEADER = b"netra-key"
# A browser's WebSocket can set no header; OpenAI lets it put the key here.
SUBPROTOCOL_PREFIX = "openai-insecure-api-key."
_PLACES: tuple[tuple[bytes, KeyStyle], ...] = (
    (b"authorization", "bearer"),
    (b"x-api-key", "x-api-key"),
    (b"api-key", "api-key"),
    (b"x-goog-api-key", "x-goog-api-key"),
)
_WITH_KEYS = frozenset(name for name, _ in _PLACES) | {OUR_HEADER}
_KEY_HEADERS = frozenset(name for name, _ in _PLACES) | {b"cookie", b"proxy-authorization"}
# Google's REST, Azure's WebSockets, Google's tokens.
_QUERY: Mapping[str, KeyStyle] = {
    "key": "x-goog-api-key",
    "api-key": "api-key",
    "access_token": "bearer",
}
_OURS = b"netra-"


@dataclass(frozen=True, slots=True)
class Keys:
    """What was found. `provider` is the customer's own key, to be sent in `style`'s place."""

    netra: str | None = field(default=None, repr=False)
    provider: str | None = field(default=None, repr=False)
    style: KeyStyle | None = None


def find_keys(headers: Headers, query: str = "", subprotocols: Iterable[str] = ()) -> Keys:
    """Our key from the place in which the client's SDK puts its own, or from `Netra-Key`.

    A provider's key counts only beside `Netra-Key`, so that one which an SDK found in its
    environment is not used unasked; alone it is returned without `netra`.
    """
    found, named = _in_headers(headers)
    if query:
        found += _in_query(query)
    if subprotocols:
        found += _in_subprotocols(subprotocols)
    ours = named or next((key for key, _ in found if key.startswith(OUR_PREFIX)), None)
    if ours and not named:
        return Keys(netra=ours)
    theirs = next((pair for pair in found if not pair[0].startswith(OUR_PREFIX)), (None, None))
    return Keys(ours, *theirs)


def strip_auth(headers: Headers, query: str = "") -> tuple[list[Header], str]:
    """Headers and query without any place in which a key of ours may stand, and without cookies
    and headers of ours.
    """
    kept = [
        (name, _without_key(value) if name == b"sec-websocket-protocol" else value)
        for name, value in headers
        if name not in _KEY_HEADERS and not name.startswith(_OURS)
    ]
    return [pair for pair in kept if pair[1] or pair[0] != b"sec-websocket-protocol"], _stripped(
        query
    )


def _in_headers(headers: Headers) -> tuple[list[tuple[str, KeyStyle]], str | None]:
    """The keys in the order of their places, and the first `Netra-Key`."""
    there = [(name, value) for name, value in headers if name in _WITH_KEYS]
    if len(there) == 1 and there[0][0] == b"authorization":  # as nearly always
        key = _secret(_text(there[0][1]), "bearer")
        return ([(key, "bearer")] if key else []), None
    named = next((_text(value) for name, value in there if name == OUR_HEADER), None)
    found = [
        (key, style)
        for place, style in _PLACES
        for name, value in there
        if name == place and (key := _secret(_text(value), style))
    ]
    return found, named


def _in_query(query: str) -> Iterator[tuple[str, KeyStyle]]:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if value and (style := _QUERY.get(unquote_plus(name))):
            yield unquote_plus(value), style


def _in_subprotocols(protocols: Iterable[str]) -> Iterator[tuple[str, KeyStyle]]:
    for protocol in protocols:
        if protocol.strip().startswith(SUBPROTOCOL_PREFIX):
            yield protocol.strip().removeprefix(SUBPROTOCOL_PREFIX), "bearer"


def _secret(value: str, style: KeyStyle) -> str:
    if style != "bearer":
        return value
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip()


def _stripped(query: str) -> str:
    if not query:
        return query
    parts = query.split("&")
    return "&".join(part for part in parts if unquote_plus(part.partition("=")[0]) not in _QUERY)


def _without_key(value: bytes) -> bytes:
    names: Sequence[str] = [name.strip() for name in _text(value).split(",")]
    kept = [name for name in names if not name.startswith(SUBPROTOCOL_PREFIX)]
    return ", ".join(kept).encode("latin-1")
