"""From sign-in to the first request, with the real gateway: the page's code is run as it is."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import Site, carrying
from tests.portal.pages import World

ARRIVES_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def _gateway(site: Site) -> Iterator[None]:
    with carrying(site):
        yield


@pytest.mark.usefixtures("_gateway")
@pytest.mark.parametrize("api", ["OpenAI", "Anthropic"])
def test_the_code_of_the_page_turns_it_green(
    api: str, browser: Browser, site: Site, world: World, newcomers: dict[str, str]
) -> None:
    page = browser.new_page(base_url=site.url)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    site.sign_in(page, newcomers[api])
    page.keyboard.press("g")
    page.keyboard.press("g")
    page.wait_for_url("**/start/")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("Waiting for your first request")).to_be_visible()
    page.get_by_role("radio", name=api).check(force=True)
    code = page.get_by_role("region", name=f"Python with {api}").locator("code").last.inner_text()

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    arrived = page.locator("#first-request").get_by_text("Your request arrived")
    expect(arrived).to_be_visible(timeout=ARRIVES_WITHIN_MS)
    page.get_by_role("link", name="See this request").click()
    page.wait_for_url("**/requests/*/")
    expect(page.get_by_text("Success").first).to_be_visible()
    expect(page.get_by_role("link", name="Get started")).to_have_count(0)
    assert errors == []
    page.context.close()
