"""Requests as lines of a list."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.kernel.money import shown_usd
from apps.optimization.access import LABELS
from apps.portal.request_figures import buckets_of
from apps.tenants.models import Organization
from apps.usage.selectors import UsageEvent

OUTCOME_LEVELS = {"success": "success", "refused": "warning", "cancelled": "neutral"}
# What was not the customer's own question, or not answered at once.
KINDS: Mapping[str, str] = {
    "shadow": "asked again to compare", "judge": "judged a comparison", "batch": "answered later",
}  # fmt: skip


def rows_of(organization: Organization, found: Iterable[UsageEvent]) -> list[dict[str, Any]]:
    """Lines, with the names of the organization's projects."""
    names = project_names(organization)
    return [row_of(each, names) for each in found]


def row_of(call: UsageEvent, names: Mapping[UUID, str]) -> dict[str, Any]:
    """One line. names: of projects."""
    acted = [each["lever"] for each in call.decisions if each["decision"] == "act"]
    return {
        "call": call,
        "project": names.get(call.project_id, "A project that is gone"),
        "model": call.served_model or call.requested_model or call.endpoint,
        "asked": _other(call.requested_model, call.served_model),
        "kind": KINDS.get(call.kind, ""),
        "outcome": call.outcome.capitalize(),
        "level": OUTCOME_LEVELS.get(call.outcome, "danger"),
        "tokens": f"{buckets_of(call).total:,}",
        "took": "–" if call.total_ms is None else f"{call.total_ms:,.0f} ms",
        "levers": [LABELS.get(each, each) for each in acted],
        **_money(call),
    }


def project_names(organization: Organization) -> dict[UUID, str]:
    """Of all projects, archived ones too."""
    return dict(organization.projects.values_list("pk", "name"))


def _money(call: UsageEvent) -> dict[str, str]:
    untouched, actual = call.counterfactual_usd, call.actual_usd
    saved = None if untouched is None or actual is None else untouched - actual
    is_unpriced = actual is None and call.outcome != "refused"
    return {
        "cost": "no price" if is_unpriced else shown_usd(actual),
        "untouched": shown_usd(untouched),
        "saved": shown_usd(saved) if saved else "",
    }


def _other(asked: str | None, served: str | None) -> str:
    """What was asked for, where another model answered; a dated name is the same model's."""
    if not asked or not served or served == asked:
        return ""
    rest = served.removeprefix(f"{asked}-").replace("-", "")
    return "" if rest.isdecimal() else asked


def alike(*amounts: Decimal | None) -> list[str]:
    """With the digits that the least of them needs, so that people can add them up."""
    texts = [shown_usd(each) for each in amounts]
    places = max((len(text.partition(".")[2]) for text in texts), default=2)
    return [
        text if amount is None else _with_places(amount, places)
        for text, amount in zip(texts, amounts, strict=True)
    ]


def _with_places(amount: Decimal, places: int) -> str:
    rounded = f"{abs(amount):,.{places}f}"
    return f"{'-' if amount < 0 else ''}${rounded}"
