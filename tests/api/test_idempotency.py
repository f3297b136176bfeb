import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.api.views import projects as project_views
from apps.tenants.context import tenant_scope
from apps.tenants.idempotency.models import Reply
from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.services.projects import create_project
from tests import factories
from tests.api.callers import Caller, by_key

SAME = {"Idempotency-Key": "order-1"}


@pytest.fixture
def acme(db: None) -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def key(acme: Organization) -> str:
    return factories.make_api_key(acme, KEY_SCOPES).text.value


@pytest.fixture
def call(key: str) -> Caller:
    return by_key(key)


def test_a_repeated_post_acts_once_and_is_answered_alike(acme: Organization, call: Caller) -> None:
    first, second = (call("POST", "/projects", {"name": "New"}, SAME) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert acme.projects.filter(name="New").count() == 1


def test_a_new_key_is_replayed_and_stored_sealed_only(acme: Organization, call: Caller) -> None:
    body = {"project_id": str(acme.projects.get().pk), "name": "New", "scopes": ["keys.read"]}
    first, second = (call("POST", "/keys", body, SAME).json() for _ in range(2))
    assert first["key"] == second["key"]
    with tenant_scope(acme):
        stored = bytes(Reply.objects.get().sealed_body)
    assert first["key"].encode() not in stored


def test_the_same_key_for_another_request_is_422(call: Caller) -> None:
    call("POST", "/projects", {"name": "New"}, SAME)
    for method, path, body in [
        ("POST", "/projects", {"name": "Newer"}),
        ("POST", "/invitations", {"email": "a@b.test", "role": "viewer"}),
    ]:
        response = call(method, path, body, SAME)
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refusal_is_replayed_too(acme: Organization, call: Caller) -> None:
    first = call("POST", "/projects", {"name": "Default"}, SAME)
    acme.projects.update(name="Renamed")
    second = call("POST", "/projects", {"name": "Default"}, SAME)
    assert (first.status_code, second.status_code) == (409, 409)
    assert second.json() == first.json()
    assert second["Content-Type"] == "application/problem+json"


def test_a_failure_on_our_side_is_not_kept(
    acme: Organization, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_arguments: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(project_views, "create_project", fail)
        assert call("POST", "/projects", {"name": "New"}, SAME).status_code == 503
    assert call("POST", "/projects", {"name": "New"}, SAME).status_code == 201


def test_keys_belong_to_their_caller_and_organization(acme: Organization, call: Caller) -> None:
    colleague = by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)
    other = factories.make_organization("Other")
    stranger = by_key(factories.make_api_key(other, KEY_SCOPES).text.value)
    names = [
        caller("POST", "/projects", {"name": name}, SAME).json()["name"]
        for caller, name in [(call, "A"), (colleague, "B"), (stranger, "C")]
    ]
    assert names == ["A", "B", "C"]


def test_a_caller_that_lost_its_permission_gets_no_replay(
    acme: Organization, key: str, call: Caller
) -> None:
    call("POST", "/projects", {"name": "New"}, SAME)
    ApiKey.objects.filter(organization=acme).update(scopes=["projects.read"])
    assert call("POST", "/projects", {"name": "New"}, SAME).status_code == 403


@pytest.mark.parametrize("value", ["", "two words", "x" * 256])
def test_a_malformed_key_is_refused(call: Caller, value: str) -> None:
    response = call("POST", "/projects", {"name": "New"}, {"Idempotency-Key": value})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


@pytest.fixture
def committed_acme(transactional_db: None) -> Iterator[Organization]:
    organization = factories.make_organization("Acme")
    yield organization
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{organization.schema_name}" CASCADE')


def test_of_many_at_once_one_acts_and_the_others_wait_or_replay(
    committed_acme: Organization,
) -> None:
    call = by_key(factories.make_api_key(committed_acme, KEY_SCOPES).text.value)
    start = threading.Barrier(8)

    def post(_number: int) -> tuple[int, str | None]:
        start.wait()
        response = call("POST", "/projects", {"name": "New"}, SAME)
        connection.close()
        return response.status_code, response.headers.get("Retry-After")

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(post, range(8)))
    assert answers <= {(201, None), (409, "1")}
    assert (201, None) in answers
    assert committed_acme.projects.filter(name="New").count() == 1


def test_a_request_still_running_is_409_and_a_dead_one_leaves_nothing(
    committed_acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = by_key(factories.make_api_key(committed_acme, KEY_SCOPES).text.value)
    inside, go_on = threading.Event(), threading.Event()

    def die_midway(**arguments: Any) -> None:
        create_project(**arguments)
        inside.set()
        go_on.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def post() -> int:
        try:
            return int(call("POST", "/projects", {"name": "New"}, SAME).status_code)
        finally:
            connection.close()

    with monkeypatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setattr(project_views, "create_project", die_midway)
        first = pool.submit(post)
        assert inside.wait(10)
        meanwhile = call("POST", "/projects", {"name": "New"}, SAME)
        go_on.set()
        assert first.result() == 503
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "request_still_running")
    assert committed_acme.projects.filter(name="New").count() == 0
    assert call("POST", "/projects", {"name": "New"}, SAME).status_code == 201
