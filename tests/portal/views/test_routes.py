from django.test import Client

from apps.tenants.access import Target
from apps.tenants.selectors import routes
from apps.tenants.services.routes import RouteTerms, terms_of
from tests.factories import make_route
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def typed(**changes: object) -> dict[str, object]:
    return {
        "pattern": "claude-*",
        "project": "",
        "strategy": "weighted",
        "max_retries": 1,
        "total_seconds": 60,
        "target0_place": "anthropic:",
        "target0_priority": "0",
        **{f"target{number}_priority": str(number) for number in range(1, 4)},
    } | changes


def test_a_route_is_added_with_a_fallback(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    own = f"openai:{world.credential.pk}"
    form = typed(
        target0_weight=3, target1_place=own, target1_model="gpt-5", project=world.project.pk
    )
    answer = client.post(path(world, "route_create"), form)
    assert told(answer) == ["Calls for claude-* take the new route."]
    route = routes(world.organization).get(pattern="claude-*")
    assert terms_of(route) == RouteTerms(
        "claude-*",
        (
            Target("anthropic", weight=3),
            Target("openai", world.credential.pk, "gpt-5", priority=1),
        ),
        world.project.pk,
        "weighted",
        1,
        first_byte_ms=60_000,
        idle_ms=60_000,
        total_ms=60_000,
    )
    page = client.get(path(world, "routes")).content.decode()
    assert "OpenAI: Main as gpt-5 (fallback 1)" in page
    assert "claude-*" not in _list_of(other, client)


def _list_of(world: World, client: Client) -> str:
    sign_in(client, world.owner)
    return client.get(path(world, "routes")).content.decode()


def test_the_form_shows_what_the_route_says_and_saves_it_unchanged(
    world: World, client: Client
) -> None:
    targets = [Target("openai", model=f"gpt-{n}", priority=n) for n in range(5)]
    route = make_route(world.organization, "many", *targets, idle_ms=7_000, total_ms=90_000)
    before = terms_of(route)
    sign_in(client, world.owner)
    url = path(world, "route_edit", route.pk)
    form = client.get(url).context["form"]
    shown = {name: form[name].value() or "" for name in form.fields}
    assert len(list(form.slots())) == 6
    client.post(url, shown)
    assert terms_of(routes(world.organization).get(pk=route.pk)) == before


def test_a_place_of_another_organization_is_no_choice(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    theirs = f"openai:{other.credential.pk}"
    page = client.post(path(world, "route_create"), typed(target0_place=theirs))
    assert list(form_errors(page)) == ["target0_place"]
    page = client.post(path(world, "route_create"), typed(project=other.project.pk))
    assert list(form_errors(page)) == ["project"]


def test_a_pattern_that_is_taken_is_said_to_be(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "route_create"), typed(pattern="gpt-*"))
    assert form_errors(page) == {
        "__all__": ["A route for this pattern is there already. Change that one."]
    }


def test_a_route_is_deleted_after_a_question(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    url = path(world, "route_delete", world.route.pk)
    client.get(url)
    assert routes(world.organization).count() == 1
    client.post(url)
    assert (routes(world.organization).count(), routes(other.organization).count()) == (0, 1)


def test_a_route_of_another_organization_is_not_there(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    for view in ("route_edit", "route_delete"):
        assert client.post(path(world, view, other.route.pk), typed()).status_code == 404
