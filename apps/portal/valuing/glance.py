"""What stands at the top: four figures, each with the window before."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from apps.attribution.valuing import Value, Window
from apps.kernel.money import shown_usd
from apps.portal.valuing.addresses import Addresses

_TICK = timedelta(microseconds=1)
# A period before that had next to nothing makes percents that nobody can read.
_MOST_PERCENT = 1000
_PROVEN_NOTE = "At least so much, by held-out conversations of periods that ended in these days."


class Stat(NamedTuple):
    """change: on the window before, in words. level: of what is proven, or estimated."""

    label: str
    value: str
    note: str
    change: str
    url: str
    link: str
    level: str = ""


def stats_of(found: Value, addresses: Addresses, *, page: str = "") -> Iterator[Stat]:
    """Without Netra, actual, proven, estimated; the last two never make a sum.

    page: the address of the page that has the sections, "" where the figures stand on it.
    """
    now, requests = found.now.spend, addresses.requests()
    was = found.before.spend if found.before else None
    yield Stat(
        "Spend without Netra", shown_usd(now.untouched_usd),
        "The same requests untouched, each at the price of its day.",
        changed(now.untouched_usd, was.untouched_usd if was else None),
        requests, f"{now.calls:,} requests",
    )  # fmt: skip
    yield Stat(
        "Actual spend", shown_usd(now.actual_usd), _overhead(now.overhead_usd),
        changed(now.actual_usd, was.actual_usd if was else None), requests, "The same requests",
    )  # fmt: skip
    yield _proven(found, page)
    yield Stat(
        "Estimated saving", shown_usd(now.estimated_usd),
        f"{share(now.estimated_usd, now.untouched_usd)} of the spend without Netra, reckoned"
        " request by request, less what comparing cost.",
        changed(now.estimated_usd, was.estimated_usd if was else None), f"{page}#levers",
        "By lever", "accent",
    )  # fmt: skip


def window_words(first: date, last: date) -> str:
    """Its days for people."""
    if first == last:
        return f"{first:%-d %b %Y}"
    start = f"{first:%-d %b}" if first.year == last.year else f"{first:%-d %b %Y}"
    return f"{start} to {last:%-d %b %Y}"


def days_of(window: Window, found: Value) -> tuple[date, date]:
    """First and last day of a window, by the clocks of the question."""
    zone = found.query.zone
    return window.since.astimezone(zone).date(), (window.until - _TICK).astimezone(zone).date()


def changed(now: Decimal | None, before: Decimal | None) -> str:
    """Against the window before: "" when there is none, or nothing to compare."""
    if now is None or before is None:
        return ""
    was = f"{shown_usd(before)} in the period before"
    if not before:
        return was if now else ""
    percent = (now - before) / abs(before) * 100
    if abs(percent) < _MOST_PERCENT:
        return f"{was} ({percent:+,.1f} %)"
    return f"{was} ({now / before:,.0f} times)"


def share(part: Decimal, whole: Decimal) -> str:
    """In percent; "–" of nothing."""
    return f"{part / whole * 100:,.1f} %" if whole else "–"


def _overhead(usd: Decimal) -> str:
    if usd:
        return f"What providers charged, {shown_usd(usd)} of it for comparing answers."
    return "What providers charged."


def _proven(found: Value, page: str) -> Stat:
    known, place = found.proven, f"{page}#proof"
    if known is None:
        note = (
            "Proof is of a project or of everything, never of one key, model, user or tag."
            " Clear these filters to see it."
        )
        return Stat("Proven saving", "–", note, "", place, "Why", "success")
    count = len(known.statements)
    if not count:
        note = "No statement covers a period that ended in these days."
        return Stat("Proven saving", "–", note, "", place, "How far it is", "success")
    link = f"{count} statement{'s' if count > 1 else ''}"
    change = changed(known.proven_usd, known.before_usd)
    value = shown_usd(known.proven_usd)
    return Stat("Proven saving", value, _PROVEN_NOTE, change, place, link, "success")
