"""One simulator for all tests of the gateway in a process, and gateways in front of it."""

from collections.abc import Iterator

import pytest

from tests.gateways import RunningGateway, running_gateway, tenant
from tests.simulator import RunningSimulator, running_simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    """A gateway with two tenants whose providers are all the simulator."""
    with running_gateway(tenant(1, simulator.url), tenant(2, simulator.url)) as running:
        yield running
