"""A finance lead, keyboard only: reads a statement, re-runs it, shows it to an auditor."""

import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.keyboard import Keyboard
from tests.browser.site import Site
from tests.portal.pages import World

MONTH = re.compile(r"\d to \d")


@pytest.fixture
def finance(browser: Browser, site: Site, world: World) -> Iterator[Keyboard]:
    page = browser.new_context(base_url=site.url, accept_downloads=True).new_page()
    keyboard = Keyboard(page)
    keyboard.sign_in(site, world.finance.email)
    yield keyboard
    page.context.close()


@pytest.fixture
def statement(finance: Keyboard) -> Keyboard:
    """At the statement that the organization has."""
    finance.go("o")
    finance.open(MONTH)
    expect(finance.page.get_by_role("heading", level=1)).to_have_text(MONTH)
    return finance


def test_every_figure_of_a_statement_is_that_of_its_file_and_of_the_verifier(
    statement: Keyboard, tmp_path: Path
) -> None:
    figures = statement.download("CSV", tmp_path)
    archive = statement.download("Archive", tmp_path)
    verifier = statement.download("netra_verify.py", tmp_path)

    with figures.open() as file:
        lines = {row["figure"]: Decimal(row["usd"]) for row in csv.DictReader(file)}
    text = _words(statement.page)
    for figure, usd in lines.items():
        assert f"{abs(usd):,.2f}" in text, figure
    ran = _verified(verifier, archive, statement.page.locator("#verify-command").inner_text())
    assert ran.returncode == 0, ran.stdout
    assert f"fee {lines['Fee']:.2f} USD" in ran.stdout


def test_an_auditor_reads_a_shared_statement_until_the_link_is_revoked(
    statement: Keyboard, browser: Browser, site: Site
) -> None:
    told = _stats(statement.page)
    statement.open("Share")
    statement.type("For whom", "Auditor")
    statement.press("Make link")
    link = statement.page.locator("#proof-link").inner_text()
    guest = browser.new_context(base_url=site.url).new_page()

    guest.goto(link)
    assert _stats(guest) == told
    expect(guest.get_by_role("link", name="netra_verify.py")).to_be_visible()

    statement.open("I have copied it")
    statement.open("Revoke Auditor")
    statement.press("Revoke")
    expect(statement.page.get_by_text("Revoked").first).to_be_visible()
    gone = guest.goto(link)
    assert gone is not None
    assert gone.status in {404, 410}
    guest.context.close()


def test_an_owner_makes_an_experiment_and_starts_it(
    browser: Browser, site: Site, world: World
) -> None:
    keyboard = Keyboard(browser.new_context(base_url=site.url).new_page())
    keyboard.sign_in(site, world.owner.email)
    keyboard.go("o")
    keyboard.open("New experiment")
    keyboard.type("Name", "Search alone")
    keyboard.reach(keyboard.page.get_by_label("Compares"))
    keyboard.page.keyboard.type(world.project.name)
    keyboard.press("Make experiment")

    keyboard.press(re.compile("Start"))

    expect(keyboard.page.get_by_role("heading", level=1)).to_have_text("Search alone")
    expect(keyboard.page.get_by_text("It begins on")).to_be_visible()
    keyboard.page.context.close()


def _stats(page: Page) -> list[str]:
    return page.locator(".stat").all_inner_texts()


def _words(page: Page) -> str:
    return page.locator("main").inner_text()


def _verified(verifier: Path, archive: Path, command: str) -> subprocess.CompletedProcess[str]:
    """The command that the page says, with the files where they were saved."""
    key = command.split("--key")[1].strip()
    arguments = [sys.executable, str(verifier), str(archive), "--key", key]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)
