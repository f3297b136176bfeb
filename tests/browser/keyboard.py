"""A person without a mouse: Tab, Enter, letters."""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.site import Site
from tests.factories import PASSWORD

# More stops than any page has.
MOST_STOPS = 400
_IS_FOCUSED = "element => element === document.activeElement"


@dataclass(frozen=True)
class Keyboard:
    """Hands on the keys before a page."""

    page: Page

    def reach(self, target: Locator) -> None:
        """Press Tab until `target` has the focus; it must be visible that it has."""
        expect(target).to_be_visible()
        for _ in range(MOST_STOPS):
            if target.evaluate(_IS_FOCUSED):
                assert target.evaluate("element => element.matches(':focus-visible')")
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {target}")

    def open(self, name: str | re.Pattern[str]) -> None:
        """Follow the first link with this name."""
        self.reach(self.page.get_by_role("link", name=name).first)
        self.page.keyboard.press("Enter")

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button with this name."""
        self.reach(self.page.get_by_role("button", name=name).first)
        self.page.keyboard.press("Enter")

    def type(self, label: str, text: str) -> None:
        """Fill the field with this label; a star marks required ones."""
        self.reach(self.page.get_by_label(re.compile(rf"^{label}\*?$")))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def is_at(self, heading: str | re.Pattern[str]) -> None:
        """The page with this heading is there, and axe objects to nothing on it."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        found = violations(self.page)
        assert found == [], found

    def choose(self, label: str, option: str) -> None:
        """Take the option that begins so in the list with this label."""
        self.reach(self.page.get_by_label(label, exact=True))
        self.page.keyboard.type(option)

    def unfold(self, name: str) -> None:
        """Open the disclosure with this name."""
        self.reach(self.page.locator("summary", has_text=name).first)
        self.page.keyboard.press("Enter")

    def go(self, letter: str) -> None:
        """To a page of the navigation, by its letter."""
        self.page.keyboard.press("g")
        self.page.keyboard.press(letter)
        self.page.wait_for_load_state()

    def download(self, name: str | re.Pattern[str], folder: Path) -> Path:
        """Follow a link to a file; where it lies afterwards."""
        with self.page.expect_download() as found:
            self.open(name)
        file = folder / found.value.suggested_filename
        found.value.save_as(file)
        return file

    def sign_in(self, site: Site, email: str) -> None:
        self.page.goto(f"{site.url}/accounts/login/")
        self.type("Email", email)
        self.type("Password", PASSWORD)
        self.press("Sign in")
        self.page.wait_for_url("**/o/**")
