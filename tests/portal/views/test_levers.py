from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.optimization.models import CacheFlush
from apps.optimization.selectors import effect_on, flushes, policies
from apps.tenants.context import tenant_scope
from apps.tenants.permissions import Role
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_member
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World
from tests.usage.calls import make_event

SAID = ["It holds for calls from now on."]


def typed(**changes: object) -> dict[str, object]:
    said = {"exact_cache": "off", "quality_bound": "1", "cache_hours": "2"}
    return said | {"deadline_minutes": "30"} | changes


def of(world: World, kind: str = "") -> str:
    """The query that names a subject."""
    if not kind:
        return ""
    return f"?subject={kind}:{(world.key if kind == 'key' else world.project).pk}"


def line(page: Any, name: str) -> Any:
    [found] = [each for each in page.context["levers"] if each.name == name]
    return found


def test_levers_are_shown_and_changed(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    assert told(client.post(path(world, "lever_edit"), typed())) == SAID
    below = typed(
        judge_model="gpt-4.1-mini",
        allowed_models="a, b",
        exact_cache="shadow",
        traffic_percent="10",
    )
    client.post(path(world, "lever_edit") + of(world, "project"), below)
    page = client.get(path(world, "levers")).content.decode()
    assert "Exact cache shadow, 10 % of conversations, bound 1 %, other terms" in page
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
    form = client.get(path(world, "lever_edit") + of(world, "project")).content.decode()
    assert '<option value="shadow" selected' in form
    with tenant_scope(other.organization):
        assert policies() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"semantic": "maybe"}, "semantic"), ({"quality_bound": "101"}, "quality_bound")],
)
def test_what_makes_no_sense_is_told_at_its_field(
    changes: dict[str, object], field: str, world: World, client: Client
) -> None:
    sign_in(client, world.owner)
    assert list(form_errors(client.post(path(world, "lever_edit"), typed(**changes)))) == [field]


def test_a_lever_is_switched_for_each_kind_of_subject(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    for kind, state in (("", "shadow"), ("project", "on"), ("key", "off")):
        query = f"{of(world, kind) or '?'}&lever=semantic&to={state}"
        asked = client.get(path(world, "lever_switch") + query).content.decode()
        assert f"Turn Semantic cache {'to ' if state == 'shadow' else ''}{state}" in asked
        answer = client.post(path(world, "lever_switch") + query)
        assert told(answer) == SAID
    for kind, state, source in (
        ("", "Shadow", "the organization"),
        ("project", "On", "the project"),
        ("key", "Off", "the key"),
    ):
        shown = line(client.get(path(world, "levers") + of(world, kind)), "semantic")
        assert (shown.state, shown.source) == (state, source)
    with tenant_scope(world.organization):
        at_key = effect_on(project_id=world.project.pk, api_key_id=world.key.pk)
    assert at_key.policy.state("semantic") == "off"


def test_turning_one_on_says_what_it_means(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    switch = path(world, "lever_switch")
    semantic = client.get(f"{switch}?lever=semantic&to=on").content.decode()
    assert ("This is your consent to comparing" in semantic, "bound on worse" in semantic) == (
        True,
        True,
    )
    routing = client.get(f"{switch}?lever=routing&to=shadow").content.decode()
    assert "No model is allowed yet" in routing
    exact = client.get(f"{switch}?lever=exact_cache&to=on").content.decode()
    assert ("consent" in exact, "No certificate is needed" in exact) == (False, True)
    client.post(f"{switch}?lever=exact_cache&to=off")
    below = client.get(f"{switch}{of(world, 'key')}&lever=exact_cache&to=on").content.decode()
    assert "It stays off all the same: the organization has turned it off." in below
    for strange in ("lever=teleport&to=on", "lever=semantic&to=maybe", ""):
        assert client.get(f"{switch}?{strange}").status_code == 404


def test_what_is_said_can_be_taken_back(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    client.post(path(world, "lever_edit") + of(world, "project"), typed())
    client.post(path(world, "lever_switch") + of(world, "project") + "&lever=tier&to=on")
    client.post(path(world, "lever_switch") + of(world, "project") + "&lever=exact_cache&to=")
    page = client.get(path(world, "levers") + of(world, "project"))
    assert (line(page, "exact_cache").source, line(page, "tier").state) == ("", "On")
    assert "Reset to as above" in page.content.decode()
    assert told(client.post(path(world, "lever_reset") + of(world, "project"))) == SAID
    page = client.get(path(world, "levers") + of(world, "project"))
    assert (page.context["says_anything"], page.context["elsewhere"]) == (False, [])
    assert {term.source for term in page.context["terms"]} == {""}


def test_savings_and_evidence_are_those_of_the_subject(
    world: World, other: World, client: Client
) -> None:
    for organization, project_id, usd in (
        (world.organization, world.project.pk, "1.25"),
        (world.organization, other.project.pk, "2"),
        (other.organization, world.project.pk, "50"),
    ):
        call = make_event(
            organization, started_at=utc_now(), project_id=project_id, actual_usd=Decimal(0),
            counterfactual_usd=Decimal(usd), decomposition={"semantic": Decimal(usd)},
        )  # fmt: skip
        ingest_events(organization=organization, events=[call], at=utc_now())
    sign_in(client, world.owner)
    whole = line(client.get(path(world, "levers")), "semantic")
    assert (whole.saved, whole.saved_calls) == ("$3.25", 2)
    assert [each.label for each in whole.evidence] == ["1 certified", "1 watching"]
    page = client.get(path(world, "levers") + of(world, "project"))
    assert line(page, "semantic").saved == "$1.25"
    assert str(world.certificate.pk) in page.content.decode()
    assert str(other.certificate.pk) not in page.content.decode()
    assert line(client.get(path(world, "levers") + of(world, "key")), "semantic").saved == "–"


def test_caches_are_invalidated_by_those_who_may(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, make_member(world.organization, Role.DEVELOPER))
    url = path(world, "caches_invalidate")
    client.post(url, {"project": str(world.project.pk), "tag": "doc=1"})
    answer = client.post(url, {})
    assert told(answer) == ["What was asked before now is not answered from a cache."] * 2
    assert list(form_errors(client.post(url, {"project": str(other.project.pk)}))) == ["project"]
    with tenant_scope(world.organization):
        found = {(row.project_id, row.tag) for row in flushes()}
    assert found == {(world.project.pk, "doc=1"), (None, None)}
    with tenant_scope(other.organization):
        assert CacheFlush.objects.count() == 0
    sign_in(client, make_member(world.organization, Role.FINANCE))
    assert client.post(url, {}).status_code == 403


def test_changes_say_who_and_when(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    client.post(path(world, "lever_switch") + of(world, "key") + "&lever=tier&to=on")
    client.post(path(world, "caches_invalidate"), {"tag": "doc=1"})
    history = client.get(path(world, "levers")).context["history"]
    assert [(each.who, each.what) for each in history] == [
        (world.owner.email, "Caches invalidated, tag doc=1"),
        (world.owner.email, "Batch and flex on"),
    ]
    assert history[1].subject.startswith("API key ")


def test_those_who_only_read_get_no_switches(world: World, client: Client) -> None:
    sign_in(client, world.member.user)
    page = client.get(path(world, "levers")).content.decode()
    assert (path(world, "lever_switch") in page, path(world, "caches_invalidate") in page) == (
        False,
        False,
    )
    assert client.post(path(world, "lever_switch") + "?lever=tier&to=on").status_code == 403


def test_subjects_of_others_are_not_found(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    for view in ("levers", "lever_edit", "lever_switch", "lever_reset"):
        address = path(world, view) + of(other, "key") + "&lever=tier&to=on"
        assert client.get(address).status_code == 404
