"""A browser before a running site. The browser lives as long as one module of tests.

Playwright keeps an event loop running on the main thread, on which Django refuses queries: rows
are made before the browser starts, and tests of other modules run after it has closed.
"""

import os
from collections.abc import Iterator

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from apps.kernel.clock import utc_now
from apps.tenants.services.credentials import set_platform_credential
from netra.settings import base
from tests import databases
from tests.browser.site import Site, running_site
from tests.conftest import use_database
from tests.factories import make_organization, make_user
from tests.portal.pages import World, make_world
from tests.simulator import running_simulator

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Those who have not called yet, and whose API they will.
NEWCOMERS = {"OpenAI": "openai", "Anthropic": "anthropic", "Engineer": "openai"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests need a browser."""
    for item in items:
        if item.path.is_relative_to(os.path.dirname(__file__)):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site_database(django_db_setup: None) -> str:
    """The URL of a database that only the site uses."""
    mine = os.environ["DATABASE_URL"]
    template = databases.template_name()
    return databases.clone(mine, template, f"browser_{mine.rpartition('/')[2]}")


@pytest.fixture(scope="session")
def world(site_database: str, django_db_blocker: DjangoDbBlocker) -> World:
    """An organization with one of everything, in the site's database."""
    mine = os.environ["DATABASE_URL"]
    with django_db_blocker.unblock():
        use_database(site_database)
        try:
            # The site signs people in with the hasher of production.
            with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
                world = make_world("Acme", proven_days=12)
                # Made now, for later it would be in the database of the tests.
                assert world.finance.email
                assert world.savings_token
                assert world.experiment_token
                return world
        finally:
            use_database(mine)


@pytest.fixture(scope="session")
def newcomers(
    site_database: str, django_db_blocker: DjangoDbBlocker, world: World
) -> Iterator[dict[str, str]]:
    """Name → owner of an organization that nobody called from; one provider each."""
    mine = os.environ["DATABASE_URL"]
    with running_simulator() as simulator:
        with django_db_blocker.unblock():
            use_database(site_database)
            try:
                with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
                    owners = {
                        name: _newcomer(name, provider, simulator.url)
                        for name, provider in NEWCOMERS.items()
                    }
            finally:
                use_database(mine)
        yield owners


def _newcomer(name: str, provider: str, upstream: str) -> str:
    owner = make_user(f"new-{name.lower()}@fresh.test")
    set_platform_credential(
        organization=make_organization(f"Fresh {name}", owner),
        provider=provider,
        name="Simulator",
        secret="sim-first",
        base_url=upstream,
        at=utc_now(),
    )
    return owner.email


@pytest.fixture(scope="session")
def site(
    site_database: str,
    world: World,
    newcomers: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The web process and the worker, over the site's database."""
    with running_site(tmp_path_factory.mktemp("site"), site_database) as site:
        yield site


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    """Chromium, headless. ./apex test installs it and names it in NETRA_CHROMIUM."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["NETRA_CHROMIUM"], args=CHROMIUM_OPTIONS
        )
        yield browser
        browser.close()
