"""What was said about levers, by whom and when; and for whom else something is said."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.optimization.access import LABELS, LEVERS, PolicyTerms
from apps.optimization.models import CacheFlush, Policy
from apps.optimization.selectors import changes, flushes, policies, terms_of
from apps.portal.subjects import WHOLE
from apps.tenants.models import Organization
from apps.tenants.selectors import api_keys, members

MOST_CHANGES = 10


class Change(NamedTuple):
    """Something that was said or done."""

    at: datetime
    who: str
    subject: str
    what: str


class Elsewhere(NamedTuple):
    """A project or key with settings of its own. text: as addresses name it. levers: states."""

    text: str
    name: str
    said: str
    levers: Mapping[str, str]


class Names:
    """Of projects, keys and people of an organization."""

    def __init__(self, organization: Organization) -> None:
        self.projects = dict(organization.projects.values_list("pk", "name"))
        rows = api_keys(organization).values_list("pk", "name", "hint")
        self._keys = {pk: f"API key {name} {hint}" for pk, name, hint in rows}
        people = members(organization).values_list("user_id", "user__email")
        self._who = {f"user:{pk}": email for pk, email in people}
        self._who |= {f"key:{pk}": name for pk, name in self._keys.items()}

    def of(self, row: Policy) -> str:
        if row.api_key_id:
            return self._keys.get(row.api_key_id, "A key that is gone")
        return self.project(row.project_id)

    def project(self, project_id: UUID | None) -> str:
        if project_id is None:
            return "The whole organization"
        name = self.projects.get(project_id)
        return f"Project {name}" if name else "A project that is gone"

    def who(self, text: str) -> str:
        """A person's address or a key; somebody who left is named by what they were."""
        if text in self._who:
            return self._who[text]
        return "Somebody who left" if text.startswith(("user:", "key:")) else text.capitalize()


def history(names: Names) -> list[Change]:
    """The latest changes and invalidations, the newest first."""
    said = [
        Change(row.created_at, names.who(row.set_by), names.of(row), said_in(row))
        for row in changes()[:MOST_CHANGES]
    ]
    voided = [
        Change(row.at, names.who(row.asked_by), names.project(row.project_id), _voided(row))
        for row in flushes()[:MOST_CHANGES]
    ]
    return sorted([*said, *voided], key=lambda each: each.at, reverse=True)[:MOST_CHANGES]


def said_elsewhere(names: Names) -> list[Elsewhere]:
    """Projects and keys with settings of their own."""
    return [
        Elsewhere(_text(row), names.of(row), said_in(row), row.levers)
        for row in policies()
        if row.project_id and terms_of(row) != PolicyTerms()
    ]


def said_in(row: Policy) -> str:
    """Levers, and whatever else it says, in words."""
    levers = [f"{LABELS[lever]} {row.levers[lever]}" for lever in LEVERS if lever in row.levers]
    share = [] if row.traffic_percent is None else [f"{row.traffic_percent} % of conversations"]
    bound = row.quality_bound
    worse = [] if bound is None else [f"bound {(bound * 100).normalize():f} %"]
    others = (row.cache_ttl_s, row.caches_any_temperature, row.allowed_models, row.judge_model)
    is_more = any(each is not None for each in (*others, row.deadline_s))
    return ", ".join([*levers, *share, *worse, *(["other terms"] if is_more else [])]) or "Nothing"


def _voided(row: CacheFlush) -> str:
    return f"Caches invalidated{f', tag {row.tag}' if row.tag else ''}"


def _text(row: Policy) -> str:
    if row.api_key_id:
        return f"key:{row.api_key_id}"
    return f"project:{row.project_id}" if row.project_id else WHOLE
