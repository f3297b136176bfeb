"""Fixtures of the benchmarks' tests."""

from collections.abc import Iterator

import pytest

from tests.simulator import RunningSimulator, running_simulator


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    """One simulator for all tests of a process."""
    with running_simulator() as running:
        yield running
