"""A project of its own for each test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.projects import Project


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that other users may enter, which those of pytest are not."""
    path = Path(tempfile.mkdtemp(prefix="apex-")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def project(open_directory: Path) -> Iterator[Project]:
    """A project that leaves no process, whatever its test does to it."""
    made = Project(open_directory)
    yield made
    made.end()
