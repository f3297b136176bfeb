"""For whom something is said: the organization, a project or a key, as addresses name it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from apps.tenants.models import Organization
from apps.tenants.selectors import api_keys, open_projects, projects

MOST_SUBJECTS = 500
WHOLE = "organization:"


@dataclass(frozen=True, slots=True)
class Subject:
    """text: as in addresses. project_id: of a key as well."""

    text: str
    name: str
    project_id: UUID | None = None
    api_key_id: UUID | None = None

    @property
    def query(self) -> str:
        """To be appended to an address; "" for the whole organization."""
        return f"?{urlencode({'subject': self.text})}" if self.project_id else ""

    @property
    def said_for(self) -> dict[str, UUID | None]:
        """As services take it: a key, else a project, else neither."""
        if self.api_key_id:
            return {"api_key_id": self.api_key_id}
        return {"project_id": self.project_id}

    @property
    def place(self) -> dict[str, UUID | None]:
        """As selectors take it: a key with its project."""
        return {"project_id": self.project_id, "api_key_id": self.api_key_id}


def subject_of(organization: Organization, text: str) -> Subject:
    """The subject that an address names. Raises ObjectDoesNotExist."""
    kind, _, id = text.partition(":")
    if kind == "project":
        project = projects(organization).get(pk=_uuid(id))
        return Subject(text, f"Project {project.name}", project.pk)
    if kind == "key":
        key = api_keys(organization).get(pk=_uuid(id))
        return Subject(text, f"API key {key.name} {key.hint}", key.project_id, key.pk)
    if text not in ("", WHOLE):
        raise ObjectDoesNotExist
    return Subject(WHOLE, "The whole organization")


def subject_choices(organization: Organization) -> list[tuple[str, Any]]:
    """All that can be chosen, as form fields take them."""
    found = [(f"project:{row.pk}", row.name) for row in open_projects(organization)[:MOST_SUBJECTS]]
    keys = [
        (f"key:{row.pk}", f"{row.name} {row.hint}")
        for row in api_keys(organization).filter(revoked_at=None)[:MOST_SUBJECTS]
    ]
    return [(WHOLE, "The whole organization"), ("Project", found), ("API key", keys)]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ObjectDoesNotExist from error
