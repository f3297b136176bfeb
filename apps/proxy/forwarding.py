"""Which headers travel: ours stay, those of one hop stay, everything else goes on unchanged."""

from collections.abc import Iterable

Pairs = Iterable[tuple[bytes, bytes]]

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
    """The caller's headers as the provider gets them; `headers` hold no key any more.

    is_own_key: the caller's own key goes with them, so that what belongs to it does too.
    """
    given = list(headers)
    left_out = _NOT_UPSTREAM | _nominated(given)
    if not is_own_key:
        left_out |= _OF_OTHER_KEY
    return [
        (name.decode("latin-1"), _text(value))
        for name, value in given
        if name not in left_out and not name.startswith(_OURS)
    ]


def _nominated(headers: Pairs) -> set[bytes]:
    """What the header Connection declares to be of this hop too (RFC 9110 §7.6.1)."""
    lists = (value for name, value in headers if name == b"connection")
    return {name.strip().lower() for names in lists for name in names.split(b",")}


def _text(value: bytes) -> str:
    """As aiohttp writes it back: in UTF-8. Other bytes it could not write; they become letters."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def downstream_headers(headers: Pairs) -> list[tuple[bytes, bytes]]:
    """The provider's headers as the caller gets them, names in lower case as ASGI asks."""
    kept = ((name.lower(), value) for name, value in headers)
    return [
        (name, value)
        for name, value in kept
        if name not in _NOT_DOWNSTREAM and not name.startswith(b"netra-")
    ]
