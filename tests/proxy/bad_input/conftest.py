"""One gateway for each module of bad input, which must still work at its end."""

from collections.abc import Iterator

import httpx
import pytest

from tests.gateways import RunningGateway, running_gateway, tenant
from tests.proxy.bad_input.raw import CHAT, PATIENCE
from tests.simulator import RunningSimulator


@pytest.fixture(scope="module")
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    with running_gateway(tenant(1, simulator.url)) as running:
        yield running


@pytest.fixture(scope="module")
def caller(gateway: RunningGateway) -> Iterator[httpx.Client]:
    """Sends the tenant's key. What answered all of this bad input must still work at the end."""
    headers = {"authorization": f"Bearer {gateway.key}", "content-type": "application/json"}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=PATIENCE) as client:
        yield client
        assert client.post("/v1/chat/completions", json=CHAT).status_code == 200


@pytest.fixture(autouse=True)
def fresh(simulator: RunningSimulator) -> None:
    """Each test sees its own calls only."""
    simulator.forget_calls()
