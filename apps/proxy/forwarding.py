"""Which headers travel: ours stay, those of one hop stay, everything else goes on unchanged."""

from collections.abc import Sequence

Pairs = Sequence[tuple[bytes, bytes]]

# RFC 9110 §7.6.1 and RFC 9113 §8.2.2.
_ONE_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# What says something of our own network or host, or what we negotiate ourselves.
_NOT_UPSTREAM = _ONE_HOP | {
    b"host",
    b"content-length",
    b"accept-encoding",
    b"expect",
    b"cookie",
    b"forwarded",
    b"via",
    b"x-real-ip",
    b"authorization",
    b"x-api-key",
    b"api-key",
    b"x-goog-api-key",
    b"sec-websocket-protocol",
}
# They belong to the key that the caller would have used.
_OF_OTHER_KEY = frozenset({b"openai-organization", b"openai-project", b"x-goog-user-project"})
_OURS = (b"netra-", b"x-forwarded-")
# The body goes on decoded and in a framing of our own; a cookie would be one of our host.
_NOT_DOWNSTREAM = _ONE_HOP | {
    b"content-length",
    b"content-encoding",
    b"server",
    b"date",
    b"set-cookie",
    b"content-security-policy",
}


def upstream_headers(headers: Pairs, *, is_own_key: bool) -> list[tuple[str, str]]:
    """The caller's headers as the provider gets them; keys of any kind are left out.

    is_own_key: the caller's own key goes with them, so that what belongs to it does too.
    """
    known = _upstream_names
    left_out = _nominated(headers)
    if not is_own_key:
        left_out |= _OF_OTHER_KEY
    return [
        (sent, _text(value))
        for name, value in headers
        if (sent := known[name] if name in known else _upstream_name(name)) and name not in left_out
    ]


def _nominated(headers: Pairs) -> set[bytes]:
    """What the header Connection declares to be of this hop too (RFC 9110 §7.6.1)."""
    lists = [value for name, value in headers if name == b"connection"]
    if not lists or lists == [b"keep-alive"]:
        return set()
    return {name.strip().lower() for names in lists for name in names.split(b",")}


def _text(value: bytes) -> str:
    """As aiohttp writes it back: in UTF-8. Other bytes it could not write; they become letters."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def downstream_headers(headers: Pairs) -> list[tuple[bytes, bytes]]:
    """The provider's headers as the caller gets them, names in lower case as ASGI asks."""
    known = _downstream_names
    return [
        (sent, value)
        for name, value in headers
        if (sent := known[name] if name in known else _downstream_name(name))
    ]


# Names are judged once. Both sides choose them freely, hence the bounds.
_MOST_NAMES = 2_000
_upstream_names: dict[bytes, str] = {}
_downstream_names: dict[bytes, bytes] = {}


def _upstream_name(name: bytes) -> str:
    """The name upstream; empty for one that stays."""
    is_kept = name not in _NOT_UPSTREAM and not name.startswith(_OURS)
    sent = name.decode("latin-1") if is_kept else ""
    if len(_upstream_names) < _MOST_NAMES:
        _upstream_names[name] = sent
    return sent


def _downstream_name(name: bytes) -> bytes:
    """The name downstream; empty for one that stays."""
    lower = name.lower()
    is_kept = lower not in _NOT_DOWNSTREAM and not lower.startswith(b"netra-")
    sent = lower if is_kept else b""
    if len(_downstream_names) < _MOST_NAMES:
        _downstream_names[name] = sent
    return sent
