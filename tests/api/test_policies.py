"""Levers and kept answers over the API."""

from decimal import Decimal
from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.optimization.access import Policies
from apps.optimization.models import Feedback
from apps.proxy.snapshot import Shard
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.selectors import organization_access
from tests import factories
from tests.api.callers import Caller, by_key

pytestmark = pytest.mark.django_db


def calling(organization: Organization) -> Caller:
    return by_key(factories.make_api_key(organization, KEY_SCOPES).text.value)


def told(organization: Organization) -> Policies:
    [known] = organization_access([organization.pk], at=utc_now())
    return Shard(known, {}).policies


def test_a_policy_is_set_shown_and_known_to_gateways_and_is_nobody_elses() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    call, project = calling(acme), factories.make_project(acme)
    assert call("GET", "/policies").json()["policies"] == []
    body: dict[str, Any] = {
        "levers": {"exact_cache": "off", "semantic": "shadow"},
        "quality_bound": "0.01",
        "traffic_percent": "50",
        "cache_ttl_s": 600,
        "deadline_s": 900,
    }
    answer = call("PUT", "/policies", body)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    below = {"project_id": str(project.pk), "levers": {"exact_cache": "on"}}
    assert call("PUT", "/policies", below).json()["effective"]["levers"]["exact_cache"] == "off"
    shown = call("GET", "/policies").json()
    own, projects = shown["policies"]
    assert (own["levers"], own["quality_bound"]) == (body["levers"], "0.01")
    assert own["deadline_s"] == 900
    assert (own["effective"]["traffic_percent"], own["set_by"][:4]) == (50, "key:")
    assert (projects["project_id"], projects["quality_bound"]) == (str(project.pk), None)
    assert shown["default"]["levers"]["exact_cache"] == "on"
    assert told(acme).organization.levers == body["levers"]
    assert calling(globex)("GET", "/policies").json()["policies"] == []
    assert told(globex) == Policies()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"levers": {"teleport": "on"}}, 400),
        ({"levers": {"semantic": "maybe"}}, 400),
        ({"quality_bound": 0.5}, 400),
        ({"quality_bound": "1.5"}, 400),
        ({"traffic_percent": "30"}, 400),
        ({"project_id": "00000000-0000-0000-0000-000000000001"}, 400),
        ({"something": 1}, 400),
        ({}, 200),
    ],
)
def test_what_makes_no_sense_is_refused(body: dict[str, Any], status: int) -> None:
    assert calling(factories.make_organization())("PUT", "/policies", body).status_code == status


def test_answers_are_declared_void() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    call = calling(acme)
    answer = call("POST", "/caches/invalidate", {"tag": "doc=7"})
    assert (answer.status_code, answer.json()["tag"]) == (200, "doc=7")
    assert call("POST", "/caches/invalidate", {}).json()["tag"] is None
    assert [each.tag for each in told(acme).flushes] == ["doc=7", None]
    foreign = {"project_id": str(factories.make_project(globex).pk)}
    assert call("POST", "/caches/invalidate", foreign).json()["code"] == "invalid_policy"
    assert told(globex).flushes == ()


def test_what_is_said_of_an_answer_replaces_what_was_said_before() -> None:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Acme")
    call, request_id = calling(acme), str(uuid7())
    body = {"request_id": request_id, "score": "0.5", "comment": "meh"}
    assert call("POST", "/feedback", body).status_code == 201
    assert call("POST", "/feedback", body | {"score": "1"}).json()["score"] == "1"
    with tenant_scope(acme):
        assert list(Feedback.objects.values_list("score", "comment")) == [(Decimal(1), "meh")]
    with tenant_scope(globex):
        assert Feedback.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [{"score": "1.1"}, {"score": 1}, {"request_id": "r-1"}, {"comment": "x" * 1001}],
)
def test_feedback_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    body = {"request_id": str(uuid7()), "score": "0.5"} | change
    call = calling(factories.make_organization())
    assert call("POST", "/feedback", body).status_code == 400
