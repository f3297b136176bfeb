"""Limits in words, and how much of each is used."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from apps.kernel.money import shown_usd
from apps.tenants.models import Limit, LimitKind, Window
from apps.usage.headroom import Headroom, headroom

SHOWN_LIMITS = 6
# From here on somebody wants to know, unless the limit names its own shares.
NEAR = Decimal("0.8")
EACH = {Window.DAY: " a day", Window.MONTH: " a month", Window.TOTAL: " in total"}
THINGS: Mapping[str, str] = {
    LimitKind.REQUESTS_PER_MINUTE: "requests a minute",
    LimitKind.TOKENS_PER_MINUTE: "tokens a minute",
    LimitKind.CONCURRENCY: "calls at once",
}


class Gauge(NamedTuple):
    """A limit and how much of it is used. percent: at most 100, None where it is not known."""

    subject: str
    said: str
    used: str
    percent: int | None
    state: str
    level: str
    resets_at: datetime | None
    is_budget: bool


def limit_subject(row: Limit) -> str:
    """Whose calls it bounds."""
    if row.api_key:
        return f"API key {row.api_key.name} {row.api_key.hint}"
    return f"Project {row.project.name}" if row.project else "The whole organization"


def limit_said(row: Limit) -> str:
    """How much, of what."""
    if row.window in EACH:
        return f"${_plain(row.amount)}{EACH[Window(row.window)]}"
    return f"{row.amount:,.0f} {THINGS[row.kind]}"


def gauges(rows: Sequence[Limit], *, at: datetime) -> list[Gauge]:
    """Those of the limits that are used most; inside the scope."""
    found = sorted(headroom(rows, at=at), key=_fullness, reverse=True)
    return [_gauge(each) for each in found[:SHOWN_LIMITS]]


def _fullness(found: Headroom) -> Decimal:
    return Decimal(-1) if found.share is None else found.share


def _gauge(found: Headroom) -> Gauge:
    row, share = found.limit, found.share
    state, level = _state(row, share)
    return Gauge(
        limit_subject(row),
        limit_said(row),
        _used(found),
        None if share is None else min(int(share * 100), 100),
        state,
        level,
        found.resets_at,
        row.kind == LimitKind.BUDGET_USD,
    )


def _state(row: Limit, share: Decimal | None) -> tuple[str, str]:
    if share is None:
        return "Not measured", "neutral"
    if share >= 1:
        return ("Used up", "danger") if row.is_hard else ("Exceeded", "warning")
    near = min(row.alert_fractions, default=NEAR)
    return ("Near", "warning") if share >= near else ("Within", "success")


def _used(found: Headroom) -> str:
    if found.used is None:
        return ""
    is_budget = found.limit.kind == LimitKind.BUDGET_USD
    return shown_usd(found.used) if is_budget else f"{found.used:,.0f}"


def _plain(amount: Any) -> str:
    """Cents always, further digits where there are any."""
    text = f"{amount:,.6f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits.ljust(2, '0')}"
