"""Keys are found where SDKs put them, and ours never travel on."""

import pytest

from apps.proxy.providers.keys import Keys, find_keys, strip_auth

OURS = "nap_live_abc"
SUBPROTOCOL = f"openai-insecure-api-key.{OURS}"


@pytest.mark.parametrize(
    ("headers", "query", "subprotocols"),
    [
        ([(b"authorization", b"Bearer " + OURS.encode())], "", ()),
        ([(b"authorization", b"bearer  " + OURS.encode() + b" ")], "", ()),
        ([(b"x-api-key", OURS.encode())], "", ()),
        ([(b"api-key", OURS.encode())], "", ()),
        ([(b"x-goog-api-key", OURS.encode())], "", ()),
        ([(b"netra-key", OURS.encode())], "", ()),
        ([], f"alt=sse&key={OURS}", ()),
        ([], f"api-version=1&api-key={OURS}", ()),
        ([], "", ("realtime", SUBPROTOCOL)),
        ([(b"x-api-key", b"sk-ant-found-in-environment"),
          (b"authorization", b"Bearer " + OURS.encode())], "", ()),
    ],
)  # fmt: skip
def test_our_key_is_found_in_each_place_and_alone_counts(
    headers: list[tuple[bytes, bytes]], query: str, subprotocols: tuple[str, ...]
) -> None:
    assert find_keys(headers, query, subprotocols) == Keys(netra=OURS)


@pytest.mark.parametrize(
    ("header", "style"),
    [
        ((b"authorization", b"Bearer sk-own"), "bearer"),
        ((b"x-api-key", b"sk-own"), "x-api-key"),
        ((b"api-key", b"sk-own"), "api-key"),
        ((b"x-goog-api-key", b"sk-own"), "x-goog-api-key"),
    ],
)
def test_a_customers_own_key_counts_beside_ours(header: tuple[bytes, bytes], style: str) -> None:
    found = find_keys([(b"netra-key", OURS.encode()), header])
    assert (found.netra, found.provider, found.style) == (OURS, "sk-own", style)


def test_a_providers_key_alone_is_returned_without_ours() -> None:
    found = find_keys([(b"authorization", b"Bearer sk-own")])
    assert (found.netra, found.provider) == (None, "sk-own")


def test_no_key_is_found_where_there_is_none() -> None:
    assert find_keys([(b"authorization", b"Basic YTpi"), (b"x-api-key", b"")], "key=&a") == Keys()


def test_keys_are_not_shown() -> None:
    assert "nap_" not in repr(find_keys([(b"netra-key", OURS.encode())]))


def test_nothing_of_ours_travels_on() -> None:
    headers = [
        (b"authorization", b"Bearer " + OURS.encode()),
        (b"x-api-key", OURS.encode()),
        (b"api-key", OURS.encode()),
        (b"x-goog-api-key", OURS.encode()),
        (b"netra-key", OURS.encode()),
        (b"netra-bypass", b"true"),
        (b"cookie", b"sessionid=1"),
        (b"proxy-authorization", b"Basic x"),
        (b"sec-websocket-protocol", f"realtime, {SUBPROTOCOL}, openai-beta.realtime-v1".encode()),
        (b"anthropic-beta", b"x"),
        (b"content-type", b"application/json"),
    ]
    query = f"alt=sse&key={OURS}&%6bey={OURS}&api-key={OURS}&access_token={OURS}&a=%20b&c"
    assert strip_auth(headers, query) == (
        [
            (b"sec-websocket-protocol", b"realtime, openai-beta.realtime-v1"),
            (b"anthropic-beta", b"x"),
            (b"content-type", b"application/json"),
        ],
        "alt=sse&a=%20b&c",
    )


def test_a_protocol_that_was_only_a_key_is_left_out() -> None:
    assert strip_auth([(b"sec-websocket-protocol", SUBPROTOCOL.encode())]) == ([], "")
