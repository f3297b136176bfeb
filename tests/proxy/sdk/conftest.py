"""One gateway for all tests of a module."""

from collections.abc import Iterator

import pytest

from tests.gateways import RunningGateway, running_gateway, tenant
from tests.simulator import RunningSimulator


@pytest.fixture(scope="module")
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    """A gateway with two tenants whose providers are all the simulator."""
    with running_gateway(tenant(1, simulator.url), tenant(2, simulator.url)) as running:
        yield running
