"""Calls that are answered later, over the API: by polling, and told by webhook."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.notices.selectors import deliveries, notices
from apps.optimization.deadlines.models import DeferredCall
from apps.optimization.deadlines.services import expire_results
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import Permission
from tests import factories
from tests.api.callers import Caller, by_key
from tests.deferring import finish_deferred, make_deferred

pytestmark = pytest.mark.django_db
ANSWER: dict[str, Any] = {"id": "chatcmpl-1", "choices": [], "logprob": 1.5}


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


def calling(organization: Organization) -> tuple[Caller, Any]:
    """A caller with the scope of the gateway alone, and its project."""
    key = factories.make_api_key(organization, [Permission.GATEWAY_CALL])
    return by_key(key.text.value), key.api_key.project_id


def test_a_result_is_fetched_by_asking_again_and_then_deleted(acme: Organization) -> None:
    call, project_id = calling(acme)
    row = make_deferred(acme, project_id=project_id)
    waiting = call("GET", f"/deferred-calls/{row.pk}").json()
    assert (waiting["status"], waiting["result"], waiting["cost_usd"]) == ("waiting", None, None)
    finish_deferred(acme, row, ANSWER)
    for _ in range(2):  # the first answer may get lost
        shown = call("GET", f"/deferred-calls/{row.pk}").json()
        assert (shown["status"], shown["tier"], shown["result"]) == ("completed", "batch", ANSWER)
        cost, saved = Decimal(shown["cost_usd"]), Decimal(shown["saved_usd"])
        assert (cost, saved) == (Decimal("0.01"), Decimal("0.01"))
    with tenant_scope(acme):
        assert expire_results(at=utc_now() + timedelta(minutes=59)) == 0
        assert expire_results(at=utc_now() + timedelta(minutes=61)) == 1
        kept = DeferredCall.objects.get(pk=row.pk)
        assert (kept.sealed_request, kept.sealed_result) == (None, None)
    assert call("GET", f"/deferred-calls/{row.pk}").json()["result"] is None
    listed = call("GET", "/deferred-calls").json()["data"]
    assert [(each["id"], each["status"]) for each in listed] == [(str(row.pk), "completed")]


def test_calls_of_another_project_or_organization_are_not_there(acme: Organization) -> None:
    call, project_id = calling(acme)
    globex = factories.make_organization("Globex")
    foreign = make_deferred(globex, project_id=project_id)
    elsewhere = make_deferred(acme, project_id=factories.make_project(acme, "Other").pk)
    for row in (foreign, elsewhere):
        assert call("GET", f"/deferred-calls/{row.pk}").status_code == 404
        assert call("POST", f"/deferred-calls/{row.pk}/cancel").status_code == 404
    assert call("GET", "/deferred-calls").json()["data"] == []
    assert call("GET", f"/deferred-calls/{uuid7()}").status_code == 404
    with tenant_scope(globex):
        assert DeferredCall.objects.get(pk=foreign.pk).state == "waiting"


def test_a_call_is_cancelled_once_and_not_after_its_end(acme: Organization) -> None:
    call, project_id = calling(acme)
    row, ended = (make_deferred(acme, project_id=project_id) for _ in range(2))
    for _ in range(2):
        answer = call("POST", f"/deferred-calls/{row.pk}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    finish_deferred(acme, ended, ANSWER)
    refused = call("POST", f"/deferred-calls/{ended.pk}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "deferred_call_ended")


def test_without_the_scope_of_the_gateway_nothing_is_shown(acme: Organization) -> None:
    row = make_deferred(acme)
    call = by_key(factories.make_api_key(acme, [Permission.USAGE_READ]).text.value)
    assert call("GET", f"/deferred-calls/{row.pk}").status_code == 403


def test_a_webhook_tells_once_that_the_answer_is_there_and_nobody_is_e_mailed(
    acme: Organization,
) -> None:
    globex = factories.make_organization("Globex")
    for organization in (acme, globex):
        factories.make_webhook(organization, f"https://93.184.216.34/{organization.pk}")
    row = make_deferred(acme)
    for _ in range(2):
        finish_deferred(acme, row, ANSWER)
    [delivery] = deliveries(acme)
    told = json.loads(delivery.body)
    assert (delivery.kind, told["type"]) == ("deferred_call.completed", "deferred_call.completed")
    assert (told["data"]["id"], told["data"]["status"]) == (str(row.pk), "completed")
    assert "chatcmpl" not in delivery.body
    assert (list(deliveries(globex)), list(notices(acme))) == ([], [])
