"""An engineer, keyboard only: from the first call to a lever that acts, and to a void cache."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.keyboard import Keyboard
from tests.browser.site import Site, carrying

ARRIVES_WITHIN_MS = 60_000
_KEPT = re.compile("The answer was kept|An equal call was under way")
QUESTION = {
    "model": "gpt-4o-mini",
    "temperature": 0,
    "messages": [{"role": "user", "content": "Which gate is flight 7 at?"}],
}


@pytest.fixture(scope="module")
def _gateway(site: Site) -> Iterator[None]:
    with carrying(site):
        yield


class Engineer(NamedTuple):
    """Hands on the keys, and the key of the API that they made. key: "" before."""

    keyboard: Keyboard
    gateway: str
    key: str = ""

    def ask(self) -> str:
        """The same question once more; what the cache says to it."""
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"{self.gateway}/v1/chat/completions"
        answer = httpx.post(url, json=QUESTION, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.headers.get("Netra-Cache", ""))

    def ask_until(self, told: str) -> None:
        """Gateways learn what people say within two seconds."""
        deadline = time.monotonic() + ARRIVES_WITHIN_MS / 1000
        while (last := self.ask()) != told:
            assert time.monotonic() < deadline, last
            time.sleep(0.2)  # the gateway has not heard of it


@pytest.fixture
def engineer(
    browser: Browser, site: Site, newcomers: dict[str, str], _gateway: None
) -> Iterator[Engineer]:
    page = browser.new_context(base_url=site.url).new_page()
    keyboard = Keyboard(page)
    keyboard.sign_in(site, newcomers["Engineer"])
    yield Engineer(keyboard, site.environment["NETRA_GATEWAY_URL"])
    page.context.close()


def test_from_the_first_call_to_a_lever_that_acts(engineer: Engineer) -> None:
    engineer = _call_first(engineer)
    _find_the_call(engineer)
    _turn_the_lever(engineer)
    _see_it_act(engineer)
    _void_what_is_kept(engineer)


def _call_first(engineer: Engineer) -> Engineer:
    """The page's own code, with the page's own key; the page turns green."""
    keyboard, page = engineer.keyboard, engineer.keyboard.page
    keyboard.is_at("Fresh Engineer")
    keyboard.go("g")
    keyboard.is_at("Get started")
    keyboard.press("Make a key and show the code with it")
    expect(page.get_by_text("Waiting for your first request")).to_be_visible()
    keyboard.is_at("Get started")
    key = page.locator("#new-key").inner_text()
    code = page.get_by_role("region", name="Python with OpenAI").locator("code").last.inner_text()
    assert key in code
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    arrived = page.locator("#first-request").get_by_text("Your request arrived")
    expect(arrived).to_be_visible(timeout=ARRIVES_WITHIN_MS)
    keyboard.is_at("Get started")
    return engineer._replace(key=key)


def _find_the_call(engineer: Engineer) -> None:
    """In the log, by a filter; then its levers and its money."""
    keyboard, page = engineer.keyboard, engineer.keyboard.page
    keyboard.go("q")
    keyboard.is_at("Requests")
    keyboard.type("Model", "gpt-4o-mini")
    keyboard.choose("Outcome", "Success")
    keyboard.press("Search")
    page.wait_for_url("**model=gpt-4o-mini**")
    expect(page.locator("#rows tr")).to_have_count(1)
    keyboard.reach(page.locator("#rows a").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/*-*/")
    keyboard.is_at(re.compile("gpt-4o-mini"))
    expect(page.get_by_text("No lever concerned this call.")).to_be_visible()
    expect(page.get_by_text("Exactly 0.")).to_be_visible()
    expect(page.get_by_text("by price version")).to_be_visible()


def _turn_the_lever(engineer: Engineer) -> None:
    """Of one project: to shadow, then on; the organization's own word stays."""
    keyboard, page = engineer.keyboard, engineer.keyboard.page
    keyboard.go("v")
    keyboard.is_at("Levers")
    keyboard.choose("Holds for", "Default")
    keyboard.press("Show")
    page.wait_for_url("**subject=project**")
    for word, button, state in (("Shadow", "Turn to shadow", "Shadow"), ("On", "Turn on", "On")):
        keyboard.open(f"{word} Exact cache")
        keyboard.is_at(f"{button.replace('Turn', 'Turn Exact cache')}")
        keyboard.press(button)
        expect(_lever(engineer)).to_contain_text(f"{state}, set by the project")
        keyboard.is_at("Levers")
    keyboard.choose("Holds for", "The whole")
    keyboard.press("Show")
    expect(_lever(engineer)).to_contain_text("On by default")


def _see_it_act(engineer: Engineer) -> None:
    """The same question twice: the second answer is a kept one, or one that is being kept, and its
    record says so.
    """
    keyboard, page = engineer.keyboard, engineer.keyboard.page
    engineer.ask_until("miss")
    engineer.ask_until("hit")
    keyboard.go("q")
    keyboard.unfold("More filters")
    keyboard.choose("Lever that acted", "Exact cache")
    keyboard.press("Search")
    page.wait_for_url("**lever=exact_cache**")
    _wait_for_rows(engineer)
    keyboard.reach(page.locator("#rows a").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/*-*/")
    expect(_row(engineer, "Exact cache")).to_contain_text(_KEPT)
    expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    keyboard.is_at(re.compile("gpt-4o-mini"))


def _void_what_is_kept(engineer: Engineer) -> None:
    keyboard, page = engineer.keyboard, engineer.keyboard.page
    keyboard.go("v")
    keyboard.open("Invalidate caches")
    keyboard.is_at("Invalidate caches")
    keyboard.press("Invalidate")
    expect(page.get_by_text("What was asked before now is not answered")).to_be_visible()
    expect(page.get_by_role("row", name="Caches invalidated")).to_be_visible()
    engineer.ask_until("miss")


def _row(engineer: Engineer, name: str) -> Locator:
    return engineer.keyboard.page.get_by_role("row", name=name).first


def _lever(engineer: Engineer) -> Locator:
    """The card of the exact cache."""
    return engineer.keyboard.page.get_by_role("region", name="Exact cache").first


def _wait_for_rows(engineer: Engineer) -> None:
    """The shipper brings them a moment after the call."""
    page = engineer.keyboard.page
    deadline = time.monotonic() + ARRIVES_WITHIN_MS / 1000
    while not page.locator("#rows tr").count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.reload()
