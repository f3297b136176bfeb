"""Calls that were put off, through the real services."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from apps.kernel.clock import utc_now
from apps.kernel.events import Event, decode, encode
from apps.kernel.ids import uuid7
from apps.optimization.deadlines.deferral import REQUEST, Deferral
from apps.optimization.deadlines.selectors import DeferredCall, deferred_call
from apps.optimization.deadlines.services import Answered, accept_deferred, settle_call
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, seal

ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


def make_deferral(
    organization: Organization, *, started_at: datetime | None = None, **changes: Any
) -> tuple[UUID, bytes]:
    """A call as a gateway hands it on: its id, and what lies in the spool."""
    at = started_at or utc_now()
    event = Event(
        event_id=uuid7(),
        started_at=at,
        organization_id=organization.pk,
        project_id=changes.pop("project_id", None) or uuid7(),
        endpoint="chat.completions",
        dialect="openai_chat",
        kind="batch",
        requested_model="gpt-4o-mini",
    )
    sealed = seal(
        data_key(organization, at=at),
        orjson.dumps(ASKED),
        bound_to=binding(organization.pk, REQUEST),
    )
    known: dict[str, Any] = {
        "due_at": at + timedelta(hours=2),
        "endpoint": "chat.completions",
        "path": "/chat/completions",
        "provider": "openai",
        "credential_id": uuid7(),
        "model": "gpt-4o-mini",
        "sealed": sealed,
        "event": encode(event).decode(),
    }
    return event.event_id, Deferral(**known | changes).encoded()


def make_deferred(organization: Organization, **changes: Any) -> DeferredCall:
    """A call that waits."""
    call_id, payload = make_deferral(organization, **changes)
    accept_deferred(organization=organization, payloads=[(call_id, payload)], at=utc_now())
    with tenant_scope(organization):
        return deferred_call(call_id)


def finish_deferred(
    organization: Organization, row: DeferredCall, document: dict[str, Any]
) -> DeferredCall:
    """The call with its answer, which cost a cent and saved one."""
    event = replace(
        decode(row.event.encode()),
        status=200,
        tier="batch",
        is_priced=True,
        actual_usd=Decimal("0.01"),
        counterfactual_usd=Decimal("0.02"),
        decomposition={"tier": Decimal("0.01")},
    )
    answered = Answered(event, orjson.dumps(document))
    with tenant_scope(organization):
        settle_call(organization=organization, call_id=row.pk, answered=answered, at=utc_now())
        return deferred_call(row.pk)
