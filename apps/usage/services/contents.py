"""Sealed prompts and answers of projects that asked for them to be kept."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.plans import Allowance
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import CONTENT, binding, unseal
from apps.usage.allowances.selectors import is_exhausted
from apps.usage.models import StoredContent


def store_contents(
    *, organization: Organization, contents: Iterable[tuple[UUID, bytes]], at: datetime
) -> None:
    """Keep sealed contents by the ids of their events. Twice is the same as once.

    Beyond the plan's storage nothing further is kept; the calls themselves go on.
    """
    if is_exhausted(organization, Allowance.STORAGE):
        return
    with tenant_scope(organization):
        StoredContent.objects.bulk_create(
            (StoredContent(event_id=id, stored_at=at, sealed=sealed) for id, sealed in contents),
            ignore_conflicts=True,
        )


def open_content(*, organization: Organization, event_id: UUID, at: datetime) -> dict[str, Any]:
    """{"v", "request", "answer"} of a call of the current organization, in clear.

    A part is {"type": media type, "text" or "base64": body, "is_cut"}. Raises
    StoredContent.DoesNotExist, CannotOpen.
    """
    row = StoredContent.objects.get(pk=event_id)
    key = data_key(organization, at=at)
    document: dict[str, Any] = orjson.loads(
        unseal(key, row.sealed, bound_to=binding(organization.pk, CONTENT))
    )
    return document
