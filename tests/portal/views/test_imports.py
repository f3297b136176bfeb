from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from apps.tenants.context import tenant_scope
from apps.usage.imports.models import Import
from apps.usage.imports.selectors import imports
from apps.usage.imports.services import advance_import
from tests.portal.browsing import form_errors, path, sign_in
from tests.portal.pages import World
from tests.usage.imports import samples
from tests.usage.imports.importing import brought, uploaded
from tests.usage.imports.samples import NOW, jsonl

LOG = jsonl(samples.openai(1), samples.openai(2), "<b>broken</b>")


@pytest.fixture(autouse=True)
def import_dir(tmp_path: Path, settings: Settings) -> Path:
    settings.IMPORT_DIR = tmp_path
    return tmp_path


def typed(world: World, content: bytes = LOG) -> dict[str, object]:
    file = SimpleUploadedFile("october.jsonl", content)
    return {"file": file, "format": "", "project": str(world.project.pk)}


def newest(world: World) -> Import:
    with tenant_scope(world.organization):
        return imports()[0]


def test_a_log_is_sent_and_its_result_shown(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "import_create"), typed(world))
    row = newest(world)
    assert (answer.status_code, answer["Location"]) == (302, path(world, "import", row.pk))
    waiting = client.get(path(world, "import", row.pk)).content.decode()
    assert ("hx-trigger" in waiting, "0 % of" in waiting) == (True, True)
    with tenant_scope(world.organization):
        advance_import(import_id=row.pk, clock=lambda: NOW)
    done = client.get(path(world, "import", row.pk)).content.decode()
    shown = ("$0.0055", "gpt-4o-2024-08-06", "not a proof", "hx-trigger")
    assert [text in done for text in shown] == [True, True, True, False]
    assert "october.jsonl" in client.get(path(world, "imports")).content.decode()
    assert newest(world).project_id == world.project.pk
    with tenant_scope(other.organization):
        assert [each.name for each in imports()] == ["log.jsonl"]


def test_the_middle_of_the_page_is_asked_for_alone(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    row = uploaded(world.organization, LOG)
    part = client.get(path(world, "import", row.pk), headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="result" class="sections" hx-get=')


def test_broken_lines_are_downloaded(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    row = brought(world.organization, LOG)
    answer = client.get(path(world, "import_errors", row.pk))
    assert answer.content == b"line,reason\r\n3,this is no JSON object\r\n"
    assert answer["Content-Disposition"].startswith("attachment")


def test_what_is_no_file_is_said_in_the_form(
    world: World, client: Client, import_dir: Path
) -> None:
    sign_in(client, world.owner)
    empty = client.post(path(world, "import_create"), typed(world, b""))
    packed = client.post(path(world, "import_create"), typed(world, b"PK\x03\x04"))
    assert "file" in form_errors(empty)
    assert "gzip" in str(form_errors(packed))
    assert [path for path in import_dir.rglob("*") if path.is_file()] == []


def test_an_import_of_another_organization_is_not_there(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    row = newest(other)
    for view in ("import", "import_errors"):
        assert client.get(path(world, view, row.pk)).status_code == 404
