import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.tenants.models import ApiKey
from tests.factories import make_organization
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def test_a_project_is_opened(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "project_create"), {"name": " Chat  bot "})
    assert answer.headers["Location"] == path(world, "projects")
    assert told(answer) == ["The project Chat bot is open."]
    assert world.organization.projects.filter(name="Chat bot").count() == 1


@pytest.mark.parametrize("name", ["Search", "  ", "x" * 81])
def test_a_name_that_cannot_be_is_refused_and_stays_typed(
    name: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "project_create"), {"name": name})
    assert list(form_errors(page)) == ["name"]
    assert f'value="{name}"' in page.content.decode()
    assert world.organization.projects.count() == 2


def test_the_same_name_in_another_organization_is_free(
    world: World, other: World, client: Client
) -> None:
    other.project.name = "Only there"
    other.project.save()
    sign_in(client, world.owner)
    client.post(path(world, "project_create"), {"name": "Only there"})
    assert world.organization.projects.filter(name="Only there").count() == 1


def test_a_project_is_renamed(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    client.post(path(world, "project_rename", world.project.pk), {"name": "Find"})
    world.project.refresh_from_db()
    assert world.project.name == "Find"


def test_archiving_says_what_stops_and_stops_it(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "project_archive", world.project.pk)
    assert "1 key stops working at once." in client.get(url).content.decode()
    assert client.post(url).headers["Location"] == path(world, "projects")
    usable = ApiKey.objects.usable(at=utc_now()).filter(organization=world.organization)
    assert usable.count() == 0
    assert client.get(url).status_code == 404


def test_the_last_project_stays(world: World, client: Client) -> None:
    alone = make_organization("Alone", world.owner)
    sign_in(client, world.owner)
    project = alone.projects.get()
    page = client.post(f"/o/{alone.slug}/projects/{project.pk}/archive/")
    assert (page.status_code, "Create another one first" in page.content.decode()) == (409, True)
    project.refresh_from_db()
    assert project.archived_at is None


def test_a_project_keeps_prompts_and_answers_when_somebody_says_so(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    url = path(world, "project_content", world.project.pk)
    answer = client.post(url, {"stores_content": "on", "retention_days": "7"})
    assert told(answer) == ["The project Search keeps prompts and answers."]
    world.project.refresh_from_db()
    other.project.refresh_from_db()
    assert (world.project.stores_content, world.project.content_retention_days) == (True, 7)
    assert other.project.stores_content is False
    page = client.get(path(world, "projects")).content.decode()
    assert "keeps prompts and answers for 7 days" in page
    assert told(client.post(url, {"retention_days": "7"}))[-1] == (
        "The project Search does not keep prompts and answers."
    )
    assert list(form_errors(client.post(url, {"retention_days": "0"}))) == ["retention_days"]
    assert client.get(path(world, "project_content", other.project.pk)).status_code == 404
