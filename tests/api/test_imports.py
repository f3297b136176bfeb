import gzip
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from apps.kernel.ids import uuid7
from apps.tenants.context import tenant_scope
from apps.tenants.models import Job, Organization
from apps.tenants.permissions import KEY_SCOPES, Permission
from apps.usage.imports.services import advance_import
from tests import factories
from tests.usage.imports import samples
from tests.usage.imports.importing import brought
from tests.usage.imports.samples import NOW, jsonl

pytestmark = pytest.mark.django_db
PATH = "/api/v1/imports"
LOG = jsonl(samples.openai(1), samples.openai(2), "broken")


@pytest.fixture(autouse=True)
def import_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.IMPORT_DIR = tmp_path
    return tmp_path


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def client(acme: Organization) -> Client:
    scopes = {Permission.USAGE_READ, Permission.USAGE_IMPORT}
    text = factories.make_api_key(acme, scopes).text.value
    return Client(headers={"Authorization": f"Bearer {text}"}, raise_request_exception=False)


def send(client: Client, content: bytes = LOG, query: str = "", **options: Any) -> Any:
    return client.post(
        f"{PATH}{query}", content, content_type="application/octet-stream", **options
    )


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_log_is_sent_read_and_told(acme: Organization, client: Client) -> None:
    answer = send(client, gzip.compress(LOG), "?name=october.jsonl&format=openai")
    begun = answer.json()
    assert (answer.status_code, begun["state"], begun["name"], begun["byte_count"]) == (
        201, "waiting", "october.jsonl", len(LOG),
    )  # fmt: skip
    assert Job.objects.get(task="imports.advance").arguments == {"import_id": begun["id"]}
    with tenant_scope(acme):
        advance_import(import_id=begun["id"], clock=lambda: NOW)
    found = client.get(f"{PATH}/{begun['id']}").json()
    assert (found["state"], found["new_count"], found["error_count"]) == ("done", 2, 1)
    assert found["spend"]["total"][0]["usd"] == "0.005500000000000000"
    assert [each["value"] for each in found["spend"]["model"]] == ["openai gpt-4o-2024-08-06"]
    levers = {each["lever"]: each for each in found["estimates"]}
    assert (levers["exact_cache"]["high_usd"], levers["exact_cache"]["is_proven"]) == (
        "0.002750", False,
    )  # fmt: skip
    errors = client.get(f"{PATH}/{begun['id']}/errors").json()
    assert errors["data"] == [{"line": 3, "reason": "this is no JSON object"}]
    assert [row["id"] for row in client.get(PATH).json()["data"]] == [begun["id"]]


def test_a_form_sends_a_log_too(client: Client) -> None:
    file = SimpleUploadedFile("october.jsonl", LOG)
    answer = client.post(f"{PATH}?format=openai", {"file": file})
    assert (answer.status_code, answer.json()["name"]) == (201, "october.jsonl")


def test_what_cannot_be_an_import_leaves_no_file(client: Client, import_dir: Path) -> None:
    answers = [
        send(client, b""),
        send(client, b"PK\x03\x04 zip"),
        send(client, gzip.compress(LOG)[:20] + b"damaged" * 9),
        send(client, LOG, "?format=papyrus"),
        send(client, LOG, f"?project_id={uuid7()}"),
        client.post(PATH, {"other": "field"}),
        client.post(PATH, {"file": "no file"}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 7
    assert files(import_dir) == []


def test_a_file_that_is_too_large_is_refused(
    client: Client, settings: Settings, import_dir: Path
) -> None:
    settings.IMPORT_MAX_BYTES = 1000
    packed = send(client, gzip.compress(b"a" * 100_000))
    whole = send(client, b"a" * 100_000)
    assert [answer.status_code for answer in (packed, whole)] == [413, 413]
    assert files(import_dir) == []


def test_the_same_key_imports_once_and_not_another_file(client: Client, import_dir: Path) -> None:
    same: Any = {"headers": {"Idempotency-Key": "one"}}
    first, again = send(client, **same), send(client, **same)
    other = send(client, LOG + LOG, **same)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json()["id"] == first.json()["id"]
    assert len(files(import_dir)) == 1


def test_imports_of_another_organization_are_not_there(acme: Organization, client: Client) -> None:
    theirs = brought(factories.make_organization("Acme"), LOG)
    assert client.get(PATH).json()["data"] == []
    for path in (f"{PATH}/{theirs.pk}", f"{PATH}/{theirs.pk}/errors"):
        assert client.get(path).status_code == 404


def test_errors_come_in_pages_in_the_order_of_the_file(acme: Organization, client: Client) -> None:
    row = brought(acme, jsonl(samples.openai(), *range(5)))
    path, found = f"{PATH}/{row.pk}/errors?limit=2", []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"{path}&cursor={cursor}" if cursor else path).json()
        found += [error["line"] for error in page["data"]]
        cursor = page["next_cursor"]
    assert found == [2, 3, 4, 5, 6]


def test_reading_usage_does_not_import(acme: Organization, import_dir: Path) -> None:
    text = factories.make_api_key(acme, KEY_SCOPES - {Permission.USAGE_IMPORT}).text.value
    refused = send(Client(headers={"Authorization": f"Bearer {text}"}))
    nobody = send(Client())
    assert (refused.status_code, nobody.status_code, files(import_dir)) == (403, 401, [])
