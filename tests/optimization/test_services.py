"""What is said about levers reaches the gateway, and nobody else's."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from apps.optimization.access import PART, Policies, PolicyTerms
from apps.optimization.models import CacheFlush, Policy
from apps.optimization.selectors import LONGEST_TTL_S, effect_on, effective, policies, said_by
from apps.optimization.services import (
    InvalidPolicy,
    TooManyFlushes,
    invalidate_answers,
    set_policy,
    switch_lever,
)
from apps.proxy.snapshot import Shard
from apps.tenants.context import tenant_scope
from apps.tenants.models import GatewayPart, Organization
from apps.tenants.selectors import gateway_versions, organization_access
from tests.factories import make_api_key, make_organization, make_project

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
OFF = PolicyTerms(levers={"exact_cache": "off"})


def say(organization: Organization, terms: PolicyTerms = OFF, **subject: Any) -> Policy:
    with tenant_scope(organization):
        return set_policy(organization=organization, terms=terms, set_by="u", at=AT, **subject)


def flush(organization: Organization, at: datetime = AT, **what: Any) -> CacheFlush:
    with tenant_scope(organization):
        return invalidate_answers(organization=organization, asked_by="u", at=at, **what)


def told(organization: Organization) -> Policies:
    [known] = organization_access([organization.pk], at=AT)
    return Shard(known, {}).policies


def test_what_is_said_reaches_the_gateway_and_nobody_elses() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    project = make_project(acme)
    key = make_api_key(acme, project=project).api_key
    say(acme, PolicyTerms(levers={"prompt_cache": "off"}, quality_bound=Decimal("0.01")))
    say(acme, PolicyTerms(traffic_percent=10), project_id=project.pk)
    say(acme, PolicyTerms(levers={"prompt_cache": "on"}, cache_ttl_s=60), api_key_id=key.pk)
    say(globex)
    policy = told(acme).of(project_id=project.pk, key_id=key.pk)
    assert (policy.state("prompt_cache"), policy.state("exact_cache")) == ("off", "on")
    assert (policy.quality_bound, policy.traffic_percent) == (Decimal("0.01"), 10)
    assert (policy.cache_ttl_s, told(acme).version) == (60, 3)
    theirs = told(globex).of(project_id=project.pk, key_id=key.pk)
    assert (theirs.state("exact_cache"), theirs.traffic_percent) == ("off", 100)


def test_rows_are_added_and_the_newest_holds() -> None:
    acme = make_organization()
    first, second = say(acme), say(acme, PolicyTerms(levers={"exact_cache": "shadow"}))
    with tenant_scope(acme):
        assert [row.pk for row in policies()] == [second.pk]
        assert Policy.objects.count() == 2
        assert effective(second).state("exact_cache") == "shadow"
    assert (first.version, second.version) == (1, 2)
    assert told(acme).organization.levers == {"exact_cache": "shadow"}


def switch(organization: Organization, lever: str, state: str | None, **subject: Any) -> Policy:
    with tenant_scope(organization):
        return switch_lever(
            organization=organization, lever=lever, state=state, set_by="u", at=AT, **subject
        )


def test_one_lever_is_switched_and_all_else_goes_on() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    key = make_api_key(acme).api_key
    before = PolicyTerms(levers={"exact_cache": "off"}, cache_ttl_s=60, allowed_models=("m",))
    say(acme, before, api_key_id=key.pk)
    say(acme, PolicyTerms(traffic_percent=10))
    switch(acme, "semantic", "on", api_key_id=key.pk)
    with tenant_scope(acme):
        said = said_by(api_key_id=key.pk)
    assert dict(said.levers) == {"exact_cache": "off", "semantic": "on"}
    assert (said.cache_ttl_s, said.allowed_models, said.traffic_percent) == (60, ("m",), None)
    switch(acme, "exact_cache", None, api_key_id=key.pk)
    assert dict(told(acme).by_key[key.pk].levers) == {"semantic": "on"}
    assert (told(acme).organization.traffic_percent, told(globex).version) == (10, 0)
    for lever, state in (("teleport", None), ("semantic", "maybe")):
        with pytest.raises(InvalidPolicy):
            switch(acme, lever, state)


def test_what_holds_is_told_with_who_said_it() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    project = make_project(acme)
    key = make_api_key(acme, project=project).api_key
    say(globex)
    say(acme, PolicyTerms(levers={"semantic": "shadow", "tier": "off"}, cache_ttl_s=60))
    say(acme, PolicyTerms(levers={"semantic": "on"}), project_id=project.pk)
    say(acme, PolicyTerms(levers={"tier": "on"}, cache_ttl_s=90), api_key_id=key.pk)
    with tenant_scope(acme):
        found = effect_on(project_id=project.pk, api_key_id=key.pk)
        above = effect_on(project_id=project.pk)
    assert (found.policy.state("semantic"), found.policy.state("tier")) == ("on", "off")
    assert dict(found.sources) == {
        "semantic": "project",
        "tier": "organization",
        "cache_ttl_s": "key",
    }
    assert (above.policy.cache_ttl_s, above.sources["cache_ttl_s"]) == (60, "organization")
    assert dict(above.said.levers) == {"semantic": "on"}


def test_a_change_is_announced_as_that_of_a_key_is() -> None:
    acme = make_organization()
    before = gateway_versions([acme.pk])
    with transaction.atomic():
        say(acme)
        transaction.get_connection().check_constraints()
    assert gateway_versions([acme.pk]) != before


def test_the_part_lies_sealed() -> None:
    acme = make_organization()
    say(acme, PolicyTerms(allowed_models=("canary-model",)))
    row = GatewayPart.objects.get(organization=acme, name=PART)
    assert b"canary-model" not in bytes(row.sealed)
    row.sealed = bytes(row.sealed)[:-1] + b"x"
    row.save()
    assert not told(acme).of(project_id=acme.pk, key_id=acme.pk).has_lever


@pytest.mark.parametrize(
    "terms",
    [
        PolicyTerms(levers={"teleport": "on"}),
        PolicyTerms(levers={"exact_cache": "maybe"}),
        PolicyTerms(judge_model="two words"),
        PolicyTerms(quality_bound=Decimal("1.5")),
        PolicyTerms(quality_bound=Decimal("0.00001")),
        PolicyTerms(cache_ttl_s=0),
        PolicyTerms(cache_ttl_s=LONGEST_TTL_S + 1),
        PolicyTerms(traffic_percent=30),
        PolicyTerms(allowed_models=("a b",)),
        PolicyTerms(allowed_models=("m",) * 51),
    ],
)
def test_what_makes_no_sense_is_refused(terms: PolicyTerms) -> None:
    acme = make_organization()
    with pytest.raises(InvalidPolicy):
        say(acme, terms)


def test_only_subjects_of_ones_own_can_be_named() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    project, key = make_project(globex), make_api_key(globex).api_key
    own = make_api_key(acme).api_key
    subjects: tuple[dict[str, Any], ...] = (
        {"project_id": project.pk},
        {"api_key_id": key.pk},
        {"project_id": own.project_id, "api_key_id": own.pk},
    )
    for subject in subjects:
        with pytest.raises(InvalidPolicy):
            say(acme, **subject)
    with pytest.raises(InvalidPolicy):
        flush(acme, project_id=project.pk)


def test_flushes_reach_the_gateway_once_each_place_and_go_when_nothing_can_be_left() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    project = make_project(acme)
    flush(acme, AT - timedelta(seconds=LONGEST_TTL_S), tag="doc=1")
    flush(acme, AT - timedelta(hours=1), tag="doc=2")
    flush(acme, tag="doc=2")
    flush(acme, project_id=project.pk)
    assert {(each.project_id, each.tag) for each in told(acme).flushes} == {
        (None, "doc=2"),
        (project.pk, None),
    }
    assert told(acme).flushed_at(project_id=UUID(int=0), tags=frozenset({"doc=2"})) == AT
    assert told(globex).flushes == ()


def test_so_many_tags_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.optimization.services.policies.MOST_TAG_FLUSHES", 1)
    acme = make_organization()
    flush(acme, tag="doc=1")
    with pytest.raises(TooManyFlushes):
        flush(acme, tag="doc=2")
    with pytest.raises(InvalidPolicy):
        flush(acme, tag="")


def test_the_database_refuses_what_no_service_would_write() -> None:
    acme = make_organization()
    for wrong in ({"traffic_percent": 7}, {"quality_bound": 2}, {"api_key_id": UUID(int=1)}):
        known: dict[str, Any] = {"version": 9, "levers": {}, "set_by": "u", "created_at": AT}
        row = Policy(**known | wrong)
        with tenant_scope(acme), transaction.atomic(), pytest.raises(IntegrityError):
            row.save()
