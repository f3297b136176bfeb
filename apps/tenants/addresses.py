"""Where a customer's base URL may lead: never into the network that the gateway stands in.

Asked when a base URL is stored and again of the address that the gateway connects to, because a
name may lead elsewhere by then (rebinding). Special networks: IANA's registries of special-purpose
IPv4 and IPv6 addresses (RFC 6890).
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urlsplit

from apps.kernel.errors import NetraError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str], Iterable[Address]]

LONGEST_URL = 500
DEFAULT_PORTS = {"http": 80, "https": 443}
FORBIDDEN_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host
        "169.254.0.0/16",  # link-local; metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Only this is global unicast; loopback, link-local, fc00::/7 and multicast lie outside of it.
GLOBAL_V6 = IPv6Network("2000::/3")
FORBIDDEN_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which hides an IPv4 address
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)
# A network of IPv6 alone reaches public IPv4 through these, so that what they hide decides.
HIDING_V4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
ISATAP = re.compile(r"0[02]005efe")

LOCAL_NAMES = frozenset(
    {"localhost", "localdomain", "ip6-localhost", "ip6-loopback", "broadcasthost"}
)
LOCAL_ENDINGS = (".localhost", ".localdomain", ".local", ".internal", ".home.arpa", ".lan")
HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
PATH = re.compile(r"(/[A-Za-z0-9._~:@!$&'()*+,;=-]+)*")


class BaseUrlRefused(NetraError):
    code = "base_url_refused"
    http_status = 400


@dataclass(frozen=True, slots=True)
class PrivateUpstreams:
    """What whoever runs this installation allows in its own network (NETRA_PRIVATE_UPSTREAMS)."""

    hosts: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> "PrivateUpstreams":
        """Of `host:port` and networks in CIDR form. Raises ValueError for anything else."""
        hosts, networks = set(), []
        for word in words:
            if "/" in word:
                networks.append(ip_network(word))
            else:
                parts = urlsplit(f"//{word}")
                if not parts.hostname or not parts.port:
                    raise ValueError(
                        f"{word!r} is neither host:port nor a network like 10.1.0.0/16"
                    )
                hosts.add((parts.hostname, parts.port))
        return cls(frozenset(hosts), tuple(networks))

    def names(self, base_url: str) -> bool:
        """Whether the host and port of a checked URL are allowed wherever they lead."""
        return _host_and_port(urlsplit(base_url)) in self.hosts

    def permit(self, address: Address) -> bool:
        """Whether a connection to `address` may be opened for a base URL given by a customer."""
        return not is_forbidden(address) or any(
            address.version == network.version and address in network for network in self.networks
        )


NO_PRIVATE_UPSTREAMS = PrivateUpstreams()


def is_forbidden(address: Address | str) -> bool:
    """Whether `address` is anything but a public unicast address, or hides one that is not.

    An address of a form we do not know is forbidden. Text must be an address in canonical form:
    raises ValueError otherwise.
    """
    found = ip_address(address) if isinstance(address, str) else address
    if isinstance(found, IPv4Address):
        return any(found in network for network in FORBIDDEN_V4)
    if found.scope_id is not None:
        return True
    if any(found in network for network in HIDING_V4):
        return is_forbidden(IPv4Address(int(found) & 0xFFFF_FFFF))
    return (
        found not in GLOBAL_V6
        or any(found in network for network in FORBIDDEN_V6)
        or _hides_behind_isatap(found)
    )


def _hides_behind_isatap(address: IPv6Address) -> bool:
    interface = f"{int(address) & (2**64 - 1):016x}"
    return ISATAP.match(interface) is not None and is_forbidden(
        IPv4Address(int(address) & 0xFFFF_FFFF)
    )


def check_base_url(
    url: str, *, resolve: Resolve, private: PrivateUpstreams = NO_PRIVATE_UPSTREAMS
) -> str:
    """`url` in one spelling: lower-case host, no slash at the end. Raises BaseUrlRefused.

    resolve: all addresses of a name, () for one that has none. Every one must be permitted, since
    a connection may go to any of them. What `private` names may be http and lie anywhere.
    """
    parts = _split(url)
    host, port = _host_and_port(parts)
    if (host, port) not in private.hosts:
        _check_public(parts, host, port, resolve=resolve, private=private)
    path = parts.path.rstrip("/")
    if not PATH.fullmatch(path) or "/." in path:
        raise BaseUrlRefused("Leave out of the path of the base URL what is no plain name.")
    shown = f"[{host}]" if ":" in host else host
    own = f":{port}" if parts.port not in {None, DEFAULT_PORTS[parts.scheme]} else ""
    return f"{parts.scheme}://{shown}{own}{path}"


def _split(url: str) -> SplitResult:
    if (
        len(url) > LONGEST_URL
        or not url.isascii()
        or not url.isprintable()
        or set(url) & set(" \\")
    ):
        raise BaseUrlRefused(
            f"Write the base URL in at most {LONGEST_URL} ASCII characters without spaces or "
            "backslashes; a name with other letters in its xn-- form."
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BaseUrlRefused("Write the base URL like https://host/path.") from error
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise BaseUrlRefused("Write the base URL like https://host/path.")
    if "@" in parts.netloc:
        raise BaseUrlRefused("Leave the user name and password out of the base URL.")
    if "?" in url or "#" in url:
        raise BaseUrlRefused("Leave the query and the fragment out of the base URL.")
    return parts


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BaseUrlRefused("The port of the base URL must be between 1 and 65535.") from error
    if not host.strip(".") or parts.netloc.endswith(":") or port == 0:
        raise BaseUrlRefused("Write the base URL like https://host:port/path.")
    return host.removesuffix("."), port or DEFAULT_PORTS[parts.scheme]


def _check_public(
    parts: SplitResult, host: str, port: int, *, resolve: Resolve, private: PrivateUpstreams
) -> None:
    addresses = _addresses(host, resolve=resolve, may_be_local=bool(private.networks))
    if not all(private.permit(address) for address in addresses):
        raise BaseUrlRefused(
            f"{host} lies in a private or reserved network, which base URLs may not reach. "
            "Whoever runs this installation can allow it by NETRA_PRIVATE_UPSTREAMS."
        )
    if any(is_forbidden(address) for address in addresses):
        return  # permitted by its network, where plain HTTP and other ports are usual
    if parts.scheme != "https":
        raise BaseUrlRefused("Use https: the base URL carries your key and your prompts.")
    if port != 443 and port < 1024:
        raise BaseUrlRefused("Use port 443 or one above 1023 in the base URL.")


def _addresses(host: str, *, resolve: Resolve, may_be_local: bool) -> tuple[Address, ...]:
    with suppress(ValueError):
        return (ip_address(host),)
    if ":" in host or NUMBER.fullmatch(host.rpartition(".")[2]):
        raise BaseUrlRefused(f"Write the address {host} in its usual form, like 192.0.2.1.")
    if not HOST.fullmatch(host) or len(host) > 253:
        raise BaseUrlRefused(f"{host} is no name of a host.")
    if _is_local(host) and not may_be_local:
        raise BaseUrlRefused(
            f"{host} is a name of a private network, which base URLs may not reach. "
            "Whoever runs this installation can allow it by NETRA_PRIVATE_UPSTREAMS."
        )
    addresses = tuple(resolve(host))
    if not addresses:
        raise BaseUrlRefused(f"{host} has no address. Check how the name is spelled.")
    return addresses


def _is_local(name: str) -> bool:
    return name in LOCAL_NAMES or name.endswith(LOCAL_ENDINGS) or "." not in name
