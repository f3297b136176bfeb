"""What every test stands on: a database and Valkeys of its own, prepared by ./apex test."""

import os
from collections.abc import Iterator
from functools import cache

import httpx
import pytest
from django.conf import settings
from django.db import connection, transaction
from httpx._transports import default as httpx_transports
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

from apps.tenants import schema
from tests import databases, schemas

# A busy machine is no error of the code.
hypothesis_settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("untimed")

# Each of thousands of clients would read the certificates of every authority: 20 ms.
httpx_transports.create_ssl_context = cache(httpx.create_ssl_context)  # type: ignore[attr-defined]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests marked `long` unless ./apex test --long asked for them."""
    if os.environ.get("NETRA_TEST_LONG"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> None:
    """This process's clone of the migrated template, in place of pytest-django's own migration."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    server = os.environ["DATABASE_URL"]
    template = databases.template_name()
    databases.ensure_template(server, template)
    with django_db_blocker.unblock():
        use_database(databases.clone(server, template, f"test_{worker}"))
        schemas.prepare()


@pytest.fixture(scope="module")
def lasting_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around all tests of a module, which all have to roll back: what a fixture of
    the module stores is there for each of them, as it was.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def quick_schemas(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Organizations of tests that are rolled back get schemas that are there already."""
    marker = request.node.get_closest_marker("django_db")
    is_kept = bool(marker and marker.kwargs.get("transaction"))
    if not is_kept and "transactional_db" not in request.fixturenames:
        monkeypatch.setattr(schema, "clone_template", schemas.take)


def use_database(url: str) -> None:
    """Django's connections, of all threads, and programs that tests start go to `url`."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # only Postgres has pools
    name = url.rpartition("/")[2]
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
    os.environ["DATABASE_URL"] = url
