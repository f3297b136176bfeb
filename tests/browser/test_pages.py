"""Every page, in a real browser: no axe violation, no sideways scrolling, no console error."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, StorageState

from tests.browser.accessibility import violations
from tests.browser.site import Site
from tests.factories import PASSWORD
from tests.portal.pages import OPEN_PAGES, ORGANIZATION_PAGES, SIGNED_IN_PAGES, World
from tests.portal.pages import Page as PortalPage

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (1280, 390, 320)
VISITED = [
    page
    for page in (*ORGANIZATION_PAGES, *SIGNED_IN_PAGES, *OPEN_PAGES)
    if page.view != "portal:leave"  # the owner, who visits, cannot leave
]
VARIANTS = [(theme, width) for theme in THEMES for width in WIDTHS]


def variants_of(page: PortalPage) -> list[tuple[Theme, int]]:
    """All six with --long; otherwise one, another one for each page."""
    if os.environ.get("NETRA_TEST_LONG"):
        return VARIANTS
    return [VARIANTS[zlib.crc32(page.view.encode()) % len(VARIANTS)]]


CASES = [(page, theme, width) for page in VISITED for theme, width in variants_of(page)]


@pytest.fixture(scope="module")
def signed_in(browser: Browser, site: Site, world: World) -> StorageState:
    page = browser.new_page()
    site.sign_in(page, world.owner.email)
    state = page.context.storage_state()
    page.context.close()
    return state


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, browser: Browser, site: Site, signed_in: StorageState
) -> Iterator[Page]:
    portal_page, theme, width = request.param
    context = browser.new_context(
        base_url=site.url,
        storage_state=None if portal_page in OPEN_PAGES else signed_in,
        color_scheme=theme,
        viewport={"width": width, "height": 900},
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("visit", "case"),
    [(case, case) for case in CASES],
    indirect=["visit"],
    ids=[f"{page.view}-{theme}-{width}" for page, theme, width in CASES],
)
def test_a_page_is_accessible_and_fits(
    visit: Page, case: tuple[PortalPage, Theme, int], world: World
) -> None:
    errors: list[str] = []
    visit.on("console", lambda message: errors.extend(_errors(message)))
    visit.on("pageerror", lambda error: errors.append(str(error)))
    portal_page, theme, width = case

    response = visit.goto(portal_page.url(world))
    if "/reauthenticate/" in visit.url and portal_page.is_recent:
        response = _type_password_again(visit)

    assert response is not None
    assert response.status == 200
    _keep_screenshot(visit, f"{portal_page.view}-{portal_page.about}-{theme}-{width}")
    assert violations(visit) == []
    assert visit.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []


def _type_password_again(page: Page) -> Response | None:
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Continue").click()
    return navigation.value


def _errors(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type == "error" else []


def _keep_screenshot(page: Page, name: str) -> None:
    """With NETRA_SCREENSHOTS=FOLDER, a picture of each page to look at."""
    if folder := os.environ.get("NETRA_SCREENSHOTS"):
        file = Path(folder) / f"{name.replace(':', '_')}.png"
        page.screenshot(path=file, full_page=True)
