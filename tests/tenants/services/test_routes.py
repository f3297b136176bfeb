from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.kernel.clock import utc_now
from apps.tenants.access import Target
from apps.tenants.models import Route, RouteTarget
from apps.tenants.selectors import routes
from apps.tenants.services.credentials import CredentialInUse, delete_credential
from apps.tenants.services.projects import archive_project
from apps.tenants.services.routes import (
    InvalidRoute,
    RoutePatternTaken,
    RouteTerms,
    change_route,
    create_route,
    delete_route,
    terms_of,
)
from tests.factories import make_credential, make_organization, make_project, make_route

pytestmark = pytest.mark.django_db


def test_a_route_says_what_it_was_told() -> None:
    organization = make_organization()
    credential = make_credential(organization)
    terms = RouteTerms(
        "gpt-*",
        (
            Target("openai", credential.pk, weight=3),
            Target("anthropic", model="claude-sonnet-4-5", priority=1),
        ),
        make_project(organization).pk,
        strategy="weighted",
        max_retries=0,
        total_ms=400_000,
    )
    create_route(organization=organization, terms=terms, at=utc_now())
    assert [terms_of(route) for route in routes(organization)] == [terms]


def test_no_time_is_longer_than_the_total() -> None:
    terms = terms_of(make_route(make_organization(), total_ms=4_000, idle_ms=3_000))
    times = (terms.connect_ms, terms.first_byte_ms, terms.idle_ms, terms.total_ms)
    assert times == (4_000, 4_000, 3_000, 4_000)


def test_a_change_replaces_targets() -> None:
    organization = make_organization()
    route = make_route(organization)
    terms = replace(terms_of(route), pattern="gpt-5", targets=(Target("mistral"),))
    change_route(organization=organization, route_id=route.pk, terms=terms)
    assert [terms_of(each) for each in routes(organization)] == [terms]
    assert RouteTarget.objects.count() == 1


def test_a_pattern_has_one_route_each_project_and_organization() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    make_route(globex)
    make_route(acme)
    make_route(acme, project_id=make_project(acme).pk)
    other = make_route(acme, "gpt-5")
    with pytest.raises(RoutePatternTaken):
        make_route(acme)
    with pytest.raises(RoutePatternTaken):
        change_route(
            organization=acme, route_id=other.pk, terms=replace(terms_of(other), pattern="gpt-*")
        )
    assert routes(acme).count() == 3


def test_routes_of_another_organization_are_out_of_reach() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    theirs = make_route(globex)
    with pytest.raises(Route.DoesNotExist):
        change_route(organization=acme, route_id=theirs.pk, terms=terms_of(theirs))
    with pytest.raises(Route.DoesNotExist):
        delete_route(organization=acme, route_id=theirs.pk)
    delete_route(organization=globex, route_id=theirs.pk)
    assert Route.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": ""},
        {"pattern": "gpt 5"},
        {"pattern": "g" * 201},
        {"pattern": "*" * 9},
        {"strategy": "cheapest"},
        {"max_retries": 11},
        {"max_retries": -1},
        {"total_ms": 0},
        {"total_ms": 3_600_001},
        {"connect_ms": 0},
        {"idle_ms": 3_600_001},
        {"targets": ()},
        {"targets": (Target("openai"),) * 2},
        {"targets": tuple(Target("openai", model=f"gpt-{number}") for number in range(17))},
        {"targets": (Target("nobody"),)},
        {"targets": (Target("openai", model="gpt 5"),)},
        {"targets": (Target("openai", model=""),)},
        {"targets": (Target("openai", weight=0),)},
        {"targets": (Target("openai", priority=10),)},
    ],
)
def test_a_wrong_route_is_refused(wrong: dict[str, Any]) -> None:
    terms = replace(RouteTerms("gpt-*", (Target("openai"),)), **wrong)
    with pytest.raises(InvalidRoute):
        create_route(organization=make_organization(), terms=terms, at=utc_now())


def test_a_route_leads_to_credentials_and_projects_of_its_own_organization_only() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    ours, theirs = make_credential(acme), make_credential(globex)
    with pytest.raises(InvalidRoute):
        make_route(acme, "gpt-*", Target("openai", theirs.pk))
    with pytest.raises(InvalidRoute):
        make_route(acme, "gpt-*", Target("anthropic", ours.pk))
    with pytest.raises(InvalidRoute):
        make_route(acme, project_id=make_project(globex).pk)
    closed = make_project(acme)
    archive_project(organization=acme, project_id=closed.pk, at=utc_now())
    with pytest.raises(InvalidRoute):
        make_route(acme, project_id=closed.pk)
    assert routes(acme).count() == 0


def test_a_credential_that_a_route_leads_to_stays() -> None:
    organization = make_organization()
    credential = make_credential(organization)
    route = make_route(organization, "gpt-5", Target("openai", credential.pk))
    with pytest.raises(CredentialInUse, match="gpt-5"):
        delete_credential(organization=organization, credential_id=credential.pk)
    delete_route(organization=organization, route_id=route.pk)
    delete_credential(organization=organization, credential_id=credential.pk)
    assert organization.credentials.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "with space"},
        {"strategy": "cheapest"},
        {"max_retries": 11},
        {"total_ms": 1_000},
        {"connect_ms": 0},
    ],
)
def test_the_database_holds_what_the_service_checks(change: dict[str, Any]) -> None:
    route = make_route(make_organization())
    with pytest.raises(IntegrityError), transaction.atomic():
        Route.objects.filter(pk=route.pk).update(**change)
