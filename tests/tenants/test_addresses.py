from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tenants.addresses import (
    FORBIDDEN_V4,
    Address,
    BaseUrlRefused,
    PrivateUpstreams,
    check_base_url,
    is_forbidden,
)

PUBLIC = "93.184.216.34"
NAMES = {
    "llm.example.com": (PUBLIC, "2606:2800:220:1::1"),
    "inside.example.com": ("10.1.2.3",),
    "rebound.example.com": (PUBLIC, "169.254.169.254"),
    "vllm.internal": ("10.1.2.3",),
    "vllm": ("10.1.2.3",),
    "localhost": ("127.0.0.1", "::1"),
}
INSIDE = PrivateUpstreams.parse(["vllm:8000", "127.0.0.1:42400", "10.1.0.0/16"])


def resolve(name: str) -> Iterable[Address]:
    return map(ip_address, NAMES.get(name, ()))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  (an address to refuse)
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:0808:0808::1",
        "2606:2800:220:1:0:5efe:10.0.0.1",
        "2606:2800:220:1:200:5efe:10.0.0.1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:2800:220:1::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_no_public_unicast_address_is_forbidden(address: str) -> None:
    assert is_forbidden(address) is True


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606:4700::1111",
        "2a00:1450:4001:81d::200e",
        "2606:2800:220:1:0:5efe:8.8.8.8",
    ],
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_forbidden(address) is False


hidden = st.sampled_from(FORBIDDEN_V4).flatmap(
    lambda network: st.integers(int(network[0]), int(network[-1])).map(IPv4Address)
)
FORMS = (
    lambda v4: v4,  # compatible, ::/96
    lambda v4: 0xFFFF << 32 | v4,  # mapped
    lambda v4: 0xFFFF << 48 | v4,  # translated
    lambda v4: 0x64FF9B << 96 | v4,  # NAT64
    lambda v4: 0x2002 << 112 | v4 << 80,  # 6to4
    lambda v4: 0x2001 << 112 | v4 ^ 0xFFFF_FFFF,  # Teredo
    lambda v4: 0x2606_2800 << 96 | 0x5EFE << 32 | v4,  # ISATAP
)


@given(hidden, st.integers(0, len(FORMS) - 1))
def test_no_form_of_ipv6_hides_a_forbidden_address(address: IPv4Address, form: int) -> None:
    assert is_forbidden(address) is True
    assert is_forbidden(IPv6Address(FORMS[form](int(address)))) is True


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://llm.example.com", "https://llm.example.com"),
        ("https://LLM.example.com./v1/", "https://llm.example.com/v1"),
        ("HTTPS://llm.example.com:8443/openai/v1", "https://llm.example.com:8443/openai/v1"),
        (f"https://{PUBLIC}/v1", f"https://{PUBLIC}/v1"),
        ("https://[2606:4700::1111]:443/v1", "https://[2606:4700::1111]/v1"),
    ],
)
def test_a_public_address_is_kept_in_one_spelling(given: str, kept: str) -> None:
    assert check_base_url(given, resolve=resolve) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "llm.example.com",
        "//llm.example.com",
        "http://llm.example.com",
        "ftp://llm.example.com",
        "file:///etc/passwd",
        "gopher://llm.example.com",
        "https://",
        "https:///v1",
        "https://ada:secret@llm.example.com",
        "https://llm.example.com@10.0.0.1",
        "https://llm.example.com#@10.0.0.1",
        "https://llm.example.com/v1#",
        "https://llm.example.com/v1?",
        "https://llm.example.com/v1?key=1",
        "https://llm.example.com:0",
        "https://llm.example.com:",
        "https://llm.example.com:22",
        "https://llm.example.com:65536",
        "https://llm.example.com:port",
        "https://llm.example.com/../admin",
        "https://llm.example.com/%2e%2e/admin",
        "https://llm.example.com//v1",
        "https://llm.example.com\\@10.0.0.1",
        "https://llm.example.com /",
        "https://llm.exam\tple.com",
        "https://llm.example.com\n",
        "https://10.0.0.1",
        "https://10.0.0.1.",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0x7f.0.0.1",
        "https://0177.0.0.1",
        "https://127.0.0.0x1",
        "https://127.0.0.1:8443",
        "https://[::1]",
        "https://[::ffff:169.254.169.254]",
        "https://[fd00:ec2::254]",
        "https://[fe80::1%25eth0]",
        "https://[::1",
        "https://１２７.0.0.1",
        "https://ⓛocalhost",
        "https://%6c%6f%63alhost",
        "https://localhost",
        "https://LOCALHOST.",
        "https://foo.localhost",
        "https://printer.local",
        "https://vllm",
        "https://vllm.internal",
        "https://metadata.google.internal",
        "https://inside.example.com",
        "https://rebound.example.com",
        "https://unknown.example.com",
        "https://-llm.example.com",
        "https://llm..example.com",
        "https://" + "a" * 64 + ".example.com",
        "https://llm.example.com/" + "a" * 500,
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(BaseUrlRefused):
        check_base_url(url, resolve=resolve)


@given(st.text(max_size=40))
def test_no_text_gets_through_by_another_error(text: str) -> None:
    for url in (text, f"https://{text}", f"https://llm.example.com{text}"):
        try:
            kept = check_base_url(url, resolve=resolve)
        except BaseUrlRefused:
            continue
        assert check_base_url(kept, resolve=resolve) == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://vllm:8000/v1",
        "http://127.0.0.1:42400",
        "http://10.1.2.3:8080",
        "http://vllm.internal/v1",
        "https://inside.example.com",
    ],
)
def test_what_the_operator_allows_may_lie_inside(url: str) -> None:
    assert check_base_url(url, resolve=resolve, private=INSIDE) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:42401",
        "http://localhost:42400",
        "http://10.2.0.1",
        "https://rebound.example.com",
        "http://llm.example.com",
    ],
)
def test_what_the_operator_does_not_allow_stays_refused(url: str) -> None:
    with pytest.raises(BaseUrlRefused):
        check_base_url(url, resolve=resolve, private=INSIDE)


def test_a_connection_is_permitted_by_the_networks_of_the_operator() -> None:
    addresses = map(ip_address, ["10.1.2.3", "10.2.0.1", "::1", PUBLIC])
    assert [INSIDE.permit(address) for address in addresses] == [True, False, False, True]


@pytest.mark.parametrize("word", ["vllm", "vllm:", "vllm:port", "10.1.0.1/16", "", "http://x:1"])
def test_a_malformed_setting_is_said_to_be(word: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the setting's reader says which)
        PrivateUpstreams.parse([word])
