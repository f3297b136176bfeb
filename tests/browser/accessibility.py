"""What axe-core finds on a page as it stands."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Of what is in order one element each is told: a page may have thousands.
_RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Until all that ends has ended; a light that waits pulses for ever.
_SETTLED = """() => Promise.all(document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => null)))"""


def violations(page: Page) -> list[tuple[str, str]]:
    """The rules that are broken, each with the first element that breaks it, once nothing fades in
    any more: until then it has too little contrast.
    """
    page.evaluate(_SETTLED)
    found = Axe().run(page, options=_RULES).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found]
