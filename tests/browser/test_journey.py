"""A newcomer's way: sign up, invite a colleague, make a key, call the API with it."""

import re

import httpx
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.site import Site
from tests.factories import PASSWORD
from tests.portal.pages import World


def field(page: Page, label: str) -> Locator:
    """The control with this label; a star marks required ones."""
    return page.get_by_label(re.compile(rf"^{label}\*?$"))


def sign_up(page: Page, site: Site, address: str, organization: str) -> None:
    page.goto(f"{site.url}/accounts/signup/")
    field(page, "Email").fill(address)
    field(page, "Password").fill(PASSWORD)
    field(page, "Organization").fill(organization)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(re.compile("confirm-email"))
    page.goto(site.link_to(address, "/confirm-email/"))
    page.get_by_role("button", name="Confirm").click()


def test_from_sign_up_to_the_first_api_call(browser: Browser, site: Site, world: World) -> None:
    page = browser.new_page()
    sign_up(page, site, "niklas@globex.test", "Globex")
    page.wait_for_url("**/o/globex/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    page.goto(f"{site.url}/o/globex/keys/new/")
    field(page, "Name").fill("Backend")
    page.get_by_role("button", name="Make key").click()
    key = re.search(r"nap_(?:live|test)_[0-9A-Za-z]{36}", page.content())
    assert key is not None

    answer = httpx.get(
        f"{site.url}/api/v1/organization", headers={"Authorization": f"Bearer {key[0]}"}
    )
    assert answer.status_code == 200
    assert answer.json()["slug"] == "globex"
    page.goto(f"{site.url}/o/globex/keys/")
    expect(page.get_by_role("link", name="Rotate Backend")).to_be_visible()
    assert key[0] not in page.content()
    foreign = page.goto(f"{site.url}/o/{world.organization.slug}/")
    assert foreign is not None
    assert foreign.status == 404
    page.context.close()


def test_an_invited_colleague_joins_by_the_link_in_the_email(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    sign_up(page, site, "olga@initech.test", "Initech")
    page.wait_for_url("**/o/initech/")
    page.goto(f"{site.url}/o/initech/members/invite/")
    field(page, "E-mail address").fill("pavel@initech.test")
    page.get_by_role("button", name="invit").click()
    link = site.link_to("pavel@initech.test", "/invitations/")
    page.context.close()

    guest = browser.new_context().new_page()
    guest.goto(link)
    guest.get_by_role("link", name=re.compile("account")).first.click()
    field(guest, "Password").fill(PASSWORD)
    guest.get_by_role("button", name="Create account").click()
    guest.wait_for_url("**/o/initech/**")
    guest.goto(f"{site.url}/o/initech/members/")
    expect(guest.get_by_text("pavel@initech.test").first).to_be_visible()
    guest.context.close()


def test_the_question_mark_lists_the_shortcuts(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    sign_up(page, site, "quinn@hooli.test", "Hooli")
    page.wait_for_url("**/o/hooli/")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.wait_for_url("**/o/hooli/keys/")
    page.context.close()
