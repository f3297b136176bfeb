import pytest
from django.db import DatabaseError
from django.test import Client

from apps.api.parsers import MAX_BODY_BYTES
from apps.api.views import projects as project_views
from apps.tenants.models import Organization
from apps.tenants.permissions import KEY_SCOPES
from tests import factories
from tests.api.callers import Caller, by_key

pytestmark = pytest.mark.django_db
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/organization/", "/keys/not-an-id"])
def test_an_unknown_path_is_a_404_problem(method: str, path: str) -> None:
    response = Client().generic(method, f"/api/v1{path}", headers={"Accept": "text/html"})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert (response.json()["code"], set(response.json())) == ("not_found", MEMBERS)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("PUT", "/organization", {}, {}, 405, "method_not_allowed"),
        ("OPTIONS", "/organization", None, {}, 405, "method_not_allowed"),
        ("GET", "/organization", None, {"Accept": "text/html"}, 406, "not_acceptable"),
        ("POST", "/projects", {}, {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ("POST", "/projects", {"name": "x" * MAX_BODY_BYTES}, {}, 413, "body_too_large"),
        ("POST", "/projects", [], {}, 400, "invalid_request"),
        ("POST", "/projects", {"name": " "}, {}, 400, "invalid_request"),
        ("POST", "/projects", {"name": "a\x00b"}, {}, 400, "invalid_request"),
        ("POST", "/projects", {"name": 5}, {}, 400, "invalid_request"),
        ("POST", "/projects", {"name": "a", "nmae": "b"}, {}, 400, "invalid_request"),
        ("POST", "/projects", {"name": "Default"}, {}, 409, "project_name_taken"),
        ("PATCH", "/organization", {"time_zone": "Mars"}, {}, 400, "invalid_setting"),
    ],
)
def test_each_failure_is_a_problem_with_its_code(
    call: Caller,
    method: str,
    path: str,
    body: object,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    response = call(method, path, body, headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"].endswith(f"/api/v1/docs#problem-{code}")
    assert set(response.json()) - {"errors"} == MEMBERS


@pytest.mark.parametrize(
    "body", ["{", "[" * 100_000, '{"name": NaN}', '{"name": 1e999999}', "\xff"]
)
def test_what_is_no_json_is_a_400_problem(acme: Organization, body: str) -> None:
    key = factories.make_api_key(acme, KEY_SCOPES).text.value
    response = Client(raise_request_exception=False).generic(
        "POST",
        "/api/v1/projects",
        body.encode("latin-1"),
        "application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_a_body_of_unknown_length_is_refused(call: Caller) -> None:
    response = call(
        "POST", "/projects", None, {"Transfer-Encoding": "chunked", "Content-Length": ""}
    )
    assert (response.status_code, response.json()["code"]) == (411, "length_required")


def test_field_errors_name_the_field(call: Caller) -> None:
    body = {"name": "", "scopes": ["keys.read", "no.such"], "extra": 1}
    errors = call("POST", "/keys", {**body, "project_id": "x"}).json()["errors"]
    assert errors == [{"field": "extra", "detail": "This field does not exist."}]
    del body["extra"]
    errors = call("POST", "/keys", {**body, "project_id": "x"}).json()["errors"]
    assert [error["field"] for error in errors] == ["project_id", "name", "scopes.1"]


def test_an_unforeseen_error_is_a_500_problem_without_internals(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise DatabaseError("SELECT secret FROM internals")

    monkeypatch.setattr(project_views, "projects", fail)
    response = call("GET", "/projects")
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert (response.json()["code"], "internals" in response.text) == ("internal_error", False)


def test_errors_carry_the_id_of_the_request(call: Caller) -> None:
    first, second = (call("GET", "/nothing").json()["request_id"] for _ in range(2))
    assert (len(first), first != second) == (36, True)
