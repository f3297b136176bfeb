"""Where connections may lead, whatever a base URL says or a name resolves to."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from apps.proxy.failures import AddressRefused, ConnectFailed
from apps.proxy.transport import Timeouts, Transport, UpstreamRequest
from netra.launch.ports import pick_free
from tests.simulator import RunningSimulator

TIMEOUTS = Timeouts(connect=2, first_byte=2, idle=2, total=5)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.close()


def request(url: str, **changes: Any) -> UpstreamRequest:
    return UpstreamRequest("GET", url, [], None, **changes)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "10.0.0.1", "169.254.169.254"],
)
async def test_a_private_address_is_refused_before_a_connection(
    transport: Transport, simulator: RunningSimulator, host: str
) -> None:
    port = simulator.url.rpartition(":")[2]
    with pytest.raises(AddressRefused):
        await transport.open(request(f"http://{host}:{port}/healthz"), TIMEOUTS)


async def test_a_name_that_leads_inside_is_refused_when_it_is_called(
    transport: Transport, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the name was public when it was stored."""
    port = int(simulator.url.rpartition(":")[2])
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: inside)
    with pytest.raises(AddressRefused):
        await transport.open(request(f"http://rebound.example:{port}/healthz"), TIMEOUTS)


async def test_what_the_operator_allows_may_be_private(
    transport: Transport, simulator: RunningSimulator
) -> None:
    upstream = await transport.open(
        request(f"{simulator.url}/healthz", may_reach_private=True), TIMEOUTS
    )
    assert (upstream.status, await upstream.read(100)) == (200, b'{"status":"ok"}')


async def test_nobody_listening_is_a_failure_to_connect(transport: Transport) -> None:
    url = f"http://127.0.0.1:{pick_free()}/"
    with pytest.raises(ConnectFailed):
        await transport.open(request(url, may_reach_private=True), TIMEOUTS)
