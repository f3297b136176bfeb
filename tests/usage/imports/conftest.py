"""A folder for uploads, and an organization that imports."""

from pathlib import Path

import pytest
from pytest_django import Settings

from apps.tenants.models import Organization
from tests.factories import make_organization


@pytest.fixture(autouse=True)
def import_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.IMPORT_DIR = tmp_path / "imports"
    return tmp_path / "imports"


@pytest.fixture
def acme(db: None) -> Organization:
    return make_organization("Acme")
