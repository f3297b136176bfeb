import pytest
from django.test import Client

from apps.optimization.selectors import policies
from apps.tenants.context import tenant_scope
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World


def typed(**changes: object) -> dict[str, object]:
    said = {"subject": "", "exact_cache": "off", "quality_bound": "1", "cache_hours": "2"}
    return said | {"deadline_minutes": "30"} | changes


def test_levers_are_shown_and_changed(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    assert told(client.post(path(world, "lever_edit"), typed())) == [
        "It holds for calls from now on."
    ]
    below = typed(
        judge_model="gpt-4.1-mini",
        allowed_models="a, b",
        subject=str(world.project.pk),
        exact_cache="shadow",
        traffic_percent="10",
    )
    client.post(path(world, "lever_edit"), below)
    page = client.get(path(world, "levers")).content.decode()
    assert "Exact cache shadow, 10 % of conversations" in page
    with tenant_scope(world.organization):
        own, project = policies()
    assert (own.levers, own.cache_ttl_s, str(own.quality_bound)) == (
        {"exact_cache": "off"},
        7200,
        "0.0100",
    )
    assert own.deadline_s == 1800
    assert (project.project_id, project.traffic_percent) == (world.project.pk, 10)
    assert (project.judge_model, project.allowed_models) == ("gpt-4.1-mini", ["a", "b"])
    form = client.get(path(world, "lever_edit") + f"?project={world.project.pk}").content.decode()
    assert '<option value="shadow" selected' in form
    with tenant_scope(other.organization):
        assert policies() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"semantic": "maybe"}, "semantic"),
        ({"quality_bound": "101"}, "quality_bound"),
        ({"subject": "01a1febb-f219-75c7-91d7-fc121b245904"}, "subject"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(
    changes: dict[str, object], field: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    assert list(form_errors(client.post(path(world, "lever_edit"), typed(**changes)))) == [field]
