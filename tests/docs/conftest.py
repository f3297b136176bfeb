"""One running product for all pages."""

import os
from collections.abc import Iterator

import pytest

from tests import databases
from tests.docs.product import Product, running_product
from tests.simulator import running_simulator


@pytest.fixture(scope="session")
def product(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Portal, API, gateway, shipper and simulator over a database of their own."""
    mine = os.environ["DATABASE_URL"]
    template = databases.template_name()
    folder = tmp_path_factory.mktemp("docs")
    with running_simulator() as simulator:
        url = databases.clone(mine, template, f"docs_{mine.rpartition('/')[2]}")
        with running_product(folder, url, simulator.url) as product:
            yield product
