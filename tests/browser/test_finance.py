"""A finance lead, keyboard only: what was it worth, what is proven; shows it to an auditor."""

import csv
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.kernel.money import shown_usd
from tests.browser.accessibility import violations
from tests.browser.keyboard import Keyboard
from tests.browser.site import Site
from tests.portal.pages import World

MONTH = re.compile(r"\d to \d")
# Label on the page → (part, figure) in its file.
VALUE_STATS = {
    "Spend without Netra": ("spend", "without_netra"),
    "Actual spend": ("spend", "actual"),
    "Proven saving": ("proven", "saved_proven"),
    "Estimated saving": ("spend", "saved_estimated"),
}


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
    finance.is_at("Proof")
    finance.open(MONTH)
    finance.is_at(MONTH)
    return finance


def test_what_it_was_worth_is_the_same_on_the_page_and_in_its_file(
    finance: Keyboard, tmp_path: Path
) -> None:
    finance.is_at("Acme")
    finance.go("w")
    finance.is_at("Value")
    finance.type("From", "03012026")
    finance.press("Show")
    finance.page.wait_for_url("**since=2026-03-01**")
    finance.is_at("Value")

    file = finance.download("Download as CSV", tmp_path)

    with file.open() as rows:
        lines = list(csv.DictReader(rows))
    told = _told(finance.page)
    for label, (part, figure) in VALUE_STATS.items():
        assert told[label] == shown_usd(_figure(lines, part, figure)), label
    assert _figure(lines, "proven", "saved_proven") > 0
    table = finance.page.get_by_role("region", name="Saving by lever in US dollars").inner_text()
    nets = [Decimal(each["value"]) for each in lines if each["figure"] == "saved_net"]
    assert nets
    assert [shown_usd(usd) in table for usd in nets] == [True] * len(nets)
    finance.choose("Compare with", "Nothing")
    finance.press("Show")
    finance.page.wait_for_url("**compare=no**")
    assert _told(finance.page) == told


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
    statement.is_at(re.compile("hare"))
    statement.type("For whom", "Auditor")
    statement.press("Make link")
    link = statement.page.locator("#proof-link").inner_text()
    statement.is_at(re.compile("link"))
    guest = browser.new_context(base_url=site.url).new_page()

    guest.goto(link)
    assert _stats(guest) == told
    assert violations(guest) == []
    expect(guest.get_by_role("link", name="netra_verify.py")).to_be_visible()

    statement.open("I have copied it")
    statement.is_at(re.compile("link"))
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
    keyboard.is_at("New experiment")
    keyboard.type("Name", "Search alone")
    keyboard.reach(keyboard.page.get_by_label("Compares"))
    keyboard.page.keyboard.type(world.project.name)
    keyboard.press("Make experiment")

    keyboard.press(re.compile("Start"))

    expect(keyboard.page.get_by_text("It begins on")).to_be_visible()
    keyboard.is_at("Search alone")
    keyboard.page.context.close()


def _stats(page: Page) -> list[str]:
    return page.locator(".stat").all_inner_texts()


def _told(page: Page) -> dict[str, str]:
    """Label → figure."""
    lines = ([line for line in stat.split("\n") if line] for stat in _stats(page))
    return {label: value for label, value, *_ in lines}


def _figure(lines: Iterable[Mapping[str, str]], part: str, figure: str) -> Decimal:
    """The first line of this figure: those of the whole window come first."""
    return next(
        Decimal(each["value"]) for each in lines if (each["part"], each["figure"]) == (part, figure)
    )


def _words(page: Page) -> str:
    return page.locator("main").inner_text()


def _verified(verifier: Path, archive: Path, command: str) -> subprocess.CompletedProcess[str]:
    """The command that the page says, with the files where they were saved."""
    key = command.split("--key")[1].strip()
    arguments = [sys.executable, str(verifier), str(archive), "--key", key]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)
