"""Fixtures of the gateway's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.proxy.loader import Loader
from tests.gateways import RunningGateway, running_gateway, tenant
from tests.proxy.loading import Postgres, Start, make_loader
from tests.simulator import RunningSimulator, running_simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    """One simulator for all tests of a process."""
    with running_simulator() as running:
        yield running


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    """A gateway with two tenants whose providers are all the simulator."""
    with running_gateway(tenant(1, simulator.url), tenant(2, simulator.url)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where snapshots go."""
    return tmp_path / "snapshot"


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts loaders, which end with the test."""
    started: list[Loader] = []

    def start_one(poll: float = 0.2) -> Loader:
        started.append(make_loader(folder, poll))
        started[-1].start()
        return started[-1]

    yield start_one
    for loader in started:
        loader.stop()


@pytest.fixture
def postgres(django_db_setup: None) -> Iterator[Postgres]:
    """A database that can be taken away and is back after the test."""
    server = Postgres()
    yield server
    server.close()
