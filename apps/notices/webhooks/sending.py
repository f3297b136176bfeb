"""One POST to an address that a customer gave, which shall not lead into our own network.

A name is resolved here, every connection goes to an address that was looked at, and redirects are
not followed: what was a public address when it was stored may be another one by now.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from time import monotonic

import httpx

from apps.notices.models import LONGEST_EXCERPT
from apps.tenants.addresses import Address, PrivateUpstreams, Resolve

CONNECT_SECONDS = 5.0
# The specification recommends 15 to 30 s.
TIMEOUT_SECONDS = 15.0
MOST_BYTES = 16 << 10


class ForbiddenAddress(httpx.ConnectError):
    """The name leads to no address that may be reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """status: None when there was none, and `error` says why. excerpt: of its body, as text."""

    status: int | None
    latency_ms: float
    error: str = ""
    excerpt: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class GuardedTransport(httpx.HTTPTransport):
    """Connects by number to addresses that `private` permits, under the name asked for."""

    def __init__(self, *, resolve: Resolve, private: PrivateUpstreams) -> None:
        super().__init__(verify=_trust(), trust_env=False, retries=0)
        self._resolve, self._private = resolve, private

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ForbiddenAddress."""
        host = request.url.host
        address = self._address(str(request.url), host, request)
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=str(address))
        return super().handle_request(request)

    def _address(self, url: str, host: str, request: httpx.Request) -> Address:
        found = _addresses(host, self._resolve)
        is_named = self._private.names(url)
        permitted = [each for each in found if is_named or self._private.permit(each)]
        # One forbidden address among public ones is a name that was prepared.
        if not permitted or len(permitted) < len(found):
            raise ForbiddenAddress(f"{host} leads to no public address.", request=request)
        return permitted[0]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    transport: httpx.BaseTransport,
    clock: Callable[[], float] = monotonic,
) -> Answer:
    """Send `body` as JSON and read the beginning of the answer. Raises nothing of the network."""
    started = clock()
    named = {"content-type": "application/json", "user-agent": "Netra-Webhooks/1", **headers}
    timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
    try:
        with (
            httpx.Client(transport=transport, timeout=timeout, trust_env=False) as client,
            client.stream("POST", url, content=body, headers=named) as response,
        ):
            excerpt = _excerpt(response, lambda: clock() - started)
            return Answer(response.status_code, (clock() - started) * 1000, excerpt=excerpt)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(None, (clock() - started) * 1000, error=_said(error))


def _excerpt(response: httpx.Response, elapsed: Callable[[], float]) -> str:
    """The beginning of the body, undecoded bytes so that nothing unpacks to gigabytes."""
    begun = b""
    for part in response.iter_raw():
        begun += part
        if len(begun) >= MOST_BYTES or elapsed() > TIMEOUT_SECONDS:
            break
    text = begun[: 4 * LONGEST_EXCERPT].decode(errors="replace")
    return "".join(c if c.isprintable() else " " for c in text)[:LONGEST_EXCERPT].strip()


def _addresses(host: str, resolve: Resolve) -> tuple[Address, ...]:
    try:
        return (ip_address(host.strip("[]")),)
    except ValueError:
        return tuple(resolve(host))


def _said(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"No answer within {TIMEOUT_SECONDS:.0f} s."
    return (str(error) or type(error).__name__)[:200]


@cache
def _trust() -> ssl.SSLContext:
    """Certificates are read once, not for every message."""
    return httpx.create_ssl_context(trust_env=False)
