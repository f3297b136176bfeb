"""Events of an organization, for tests of what becomes of them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.kernel.events import Event
from apps.kernel.ids import uuid7
from apps.tenants.models import Organization

AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
PROJECT = UUID(int=7)


def make_event(organization: Organization | None = None, **fields: Any) -> Event:
    """A call that went well at AT, unless said otherwise."""
    known: dict[str, Any] = {
        "event_id": uuid7(),
        "started_at": AT,
        "organization_id": organization.pk if organization else UUID(int=1),
        "project_id": PROJECT,
        "endpoint": "chat.completions",
        "dialect": "openai",
        "provider": "openai",
        "status": 200,
    }
    return Event(**(known | fields))
