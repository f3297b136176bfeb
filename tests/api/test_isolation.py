"""Ids of another organization lead nowhere, and secrets come out once or never."""

import io
import json
import logging
import uuid
from collections.abc import Iterator

import pytest

from apps.notices.services.deliveries import ping_endpoint
from apps.tenants.models import ApiKey, Organization
from apps.tenants.permissions import KEY_SCOPES
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.api.callers import Caller, by_key
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def other() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)


def test_ids_of_another_organization_are_unknown_ones(call: Caller, other: Organization) -> None:
    member = factories.make_member(other, "viewer").memberships.get().pk
    key = factories.make_api_key(other).api_key.pk
    project = factories.make_project(other).pk
    credential = factories.make_credential(other).pk
    invitation = factories.make_invitation(other).invitation.pk
    webhook = factories.make_webhook(other).endpoint.pk
    delivery = ping_endpoint(organization=other, endpoint_id=webhook, at=AT).pk
    route, limit = factories.make_route(other).pk, factories.make_limit(other).pk
    event = make_event(other)
    ingest_events(organization=other, events=[event], at=AT)
    request = event.event_id
    for method, path, body in [
        ("PATCH", f"/members/{member}", {"role": "admin"}),
        ("DELETE", f"/members/{member}", None),
        ("DELETE", f"/invitations/{invitation}", None),
        ("GET", f"/projects/{project}", None),
        ("PATCH", f"/projects/{project}", {"name": "Taken over"}),
        ("POST", f"/projects/{project}/archive", None),
        (
            "PATCH",
            f"/projects/{project}/content",
            {"stores_content": True, "retention_days": 7},
        ),
        ("GET", f"/routes/{route}", None),
        ("PATCH", f"/routes/{route}", {"pattern": "taken-over"}),
        ("DELETE", f"/routes/{route}", None),
        ("GET", f"/limits/{limit}", None),
        ("PATCH", f"/limits/{limit}", {"amount": "1"}),
        ("DELETE", f"/limits/{limit}", None),
        ("GET", f"/webhooks/{webhook}", None),
        ("PATCH", f"/webhooks/{webhook}", {"description": "Taken over"}),
        ("DELETE", f"/webhooks/{webhook}", None),
        ("POST", f"/webhooks/{webhook}/rotate", {"overlap_seconds": 0}),
        ("POST", f"/webhooks/{webhook}/enable", None),
        ("POST", f"/webhooks/{webhook}/disable", None),
        ("POST", f"/webhooks/{webhook}/ping", None),
        ("GET", f"/deliveries/{delivery}", None),
        ("POST", f"/deliveries/{delivery}/redeliver", None),
        ("GET", f"/keys/{key}", None),
        ("PATCH", f"/keys/{key}", {"name": "Taken over"}),
        ("POST", f"/keys/{key}/revoke", None),
        ("POST", f"/keys/{key}/rotate", {"overlap_seconds": 0}),
        ("GET", f"/requests/{request}", None),
        ("GET", f"/requests/{request}/content", None),
        ("GET", f"/credentials/{credential}", None),
        ("DELETE", f"/credentials/{credential}", None),
        ("POST", f"/credentials/{credential}/replace", {"secret": "sk-taken-over"}),
    ]:
        there, nowhere = call(method, path, body), call(method, _elsewhere(path), body)
        assert (path, there.status_code, nowhere.status_code) == (path, 404, 404)
        assert there.json()["detail"] == nowhere.json()["detail"]


def _elsewhere(path: str) -> str:
    _, kind, _, *action = path.split("/")
    return "/".join(["", kind, str(uuid.uuid4()), *action])


def test_a_key_is_not_made_in_a_project_of_another_organization(
    call: Caller, other: Organization
) -> None:
    body = {"project_id": str(other.projects.get().pk), "name": "New", "scopes": ["keys.read"]}
    response = call("POST", "/keys", body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "project_id")
    assert ApiKey.objects.filter(organization=other).count() == 0


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at every level, as the process would write it."""
    stream = io.StringIO()
    root = logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(root.handlers[0].formatter)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_secrets_appear_in_the_answer_that_makes_them_or_nowhere(
    acme: Organization, log: io.StringIO
) -> None:
    own = factories.make_api_key(acme, KEY_SCOPES).text.value
    call = by_key(own)
    project = str(acme.projects.get().pk)
    first, second = "sk-canary-of-a-provider-1", "sk-canary-of-a-provider-2"
    said: list[str] = []

    def post(path: str, body: object) -> dict[str, str]:
        response = call("POST", path, body, {"Idempotency-Key": str(uuid.uuid4())})
        said.append(response.text)
        return dict(response.json())

    made = post("/keys", {"project_id": project, "name": "New", "scopes": ["keys.read"]})
    rotated = post(f"/keys/{made['id']}/rotate", {"overlap_seconds": 60})
    stored = post("/credentials", {"provider": "openai", "name": "Main", "secret": first})
    post(f"/credentials/{stored['id']}/replace", {"secret": second})
    post("/credentials", {"provider": "none", "name": "Main", "secret": first})
    post("/credentials", {"provider": "openai", "name": "Main", "secret": second})
    paths = ["/organization", "/keys", "/credentials", "/projects", "/members", "/invitations"]
    paths += [f"/keys/{made['id']}", f"/keys/{rotated['id']}", f"/credentials/{stored['id']}"]
    said += [call("GET", path).text for path in paths]
    said += [by_key(own[:-1] + "!")("GET", "/organization").text, log.getvalue()]
    assert [text.count(made["key"]) for text in said] == [1] + [0] * (len(said) - 1)
    assert [text.count(rotated["key"]) for text in said] == [0, 1] + [0] * (len(said) - 2)
    for secret in (first, second, own):
        assert [secret in text for text in said] == [False] * len(said)
    assert "/api/v1/credentials" in log.getvalue()


def test_log_lines_name_organization_and_caller(
    acme: Organization, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    new = factories.make_api_key(acme, KEY_SCOPES)

    def fail(_organization: Organization) -> None:
        logging.getLogger("tests").info("inside")

    monkeypatch.setattr("apps.api.views.projects.projects", fail)
    by_key(new.text.value)("GET", f"/projects/{uuid.uuid4()}")
    line = next(line for line in log.getvalue().splitlines() if '"inside"' in line)
    named = json.loads(line)
    assert named["organization_id"] == str(acme.pk)
    assert named["caller"] == f"key:{new.api_key.pk}"
