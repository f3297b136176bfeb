"""Turn levers to shadow where an experiment measures them, as one more word of the policy."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from apps.optimization.access import PolicyTerms, resolved
from apps.optimization.models import Policy
from apps.optimization.selectors import policies, terms_of
from apps.optimization.services import InvalidPolicy, set_policy
from apps.tenants.models import Organization

GUARD = "quality guard"
LABELS = {
    "exact_cache": "exact answer cache",
    "near_exact": "near-exact answer cache",
    "semantic": "semantic answer cache",
    "routing": "model routing",
    "compression": "compression",
    "prompt_cache": "provider prompt cache",
    "tier": "service tier",
}


def pause_levers(
    *, organization: Organization, project_id: UUID | None, levers: Sequence[str], at: datetime
) -> list[str]:
    """Levers that were on in a project, or anywhere, and are shadows from now on.

    The place itself says so, and everybody below it who had said "on" of their own.
    """
    rows = [row for row in policies() if project_id in (None, row.project_id)]
    place = next((row for row in rows if _is_place(row, project_id)), None)
    on = [lever for lever in levers if _is_on(lever, rows, place)]
    if not on:
        return []
    below = [row for row in rows if row is not place and _said_on(row, on)]
    _say(organization, place, project_id, on, at)
    for row in below:
        _say(organization, row, row.project_id, [each for each in on if _said_on(row, [each])], at)
    return on


def _is_place(row: Policy, project_id: UUID | None) -> bool:
    return row.project_id == project_id and row.api_key_id is None


def _is_on(lever: str, rows: Iterable[Policy], place: Policy | None) -> bool:
    above = [row for row in policies() if row.project_id is None]
    chain = [terms_of(row) for row in (*above, place) if row]
    return resolved(*chain).states[lever] == "on" or any(_said_on(row, [lever]) for row in rows)


def _said_on(row: Policy, levers: Iterable[str]) -> bool:
    return any(row.levers.get(lever) == "on" for lever in levers)


def _say(
    organization: Organization,
    row: Policy | None,
    project_id: UUID | None,
    levers: Iterable[str],
    at: datetime,
) -> None:
    terms = terms_of(row) if row else PolicyTerms()
    key_id = row.api_key_id if row else None
    # A project or key that was closed meanwhile makes no calls any more.
    with suppress(InvalidPolicy):
        set_policy(
            organization=organization,
            terms=replace(terms, levers={**terms.levers, **dict.fromkeys(levers, "shadow")}),
            project_id=None if key_id else project_id,
            api_key_id=key_id,
            set_by=GUARD,
            at=at,
        )
