"""Fixtures of the gateway's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.proxy.loader import Loader
from tests.proxy.loading import Postgres, Start, make_loader


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
