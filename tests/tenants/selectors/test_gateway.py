from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.tenants import access
from apps.tenants.access import Target
from apps.tenants.addresses import PrivateUpstreams
from apps.tenants.models import (
    ApiKey,
    DataKey,
    Entitlement,
    Organization,
    ProviderCredential,
    RouteTarget,
)
from apps.tenants.opening import unwrap
from apps.tenants.selectors import entitlements_changing, key_access, organization_access
from apps.tenants.services.credentials import set_platform_credential
from apps.tenants.services.organizations import STARTING_ENTITLEMENTS
from apps.tenants.services.projects import set_content_storage
from netra.env import Keyring
from tests.factories import (
    make_api_key,
    make_credential,
    make_limit,
    make_organization,
    make_project,
    make_route,
)

pytestmark = pytest.mark.django_db


def furnish(name: str = "Acme") -> Organization:
    """An organization with two of everything."""
    organization = make_organization(name)
    for number in range(2):
        project = make_project(organization, f"Project {number}")
        credential = make_credential(
            organization, name=f"Name {number}", secret=f"sk-of-{organization.pk}-{number}"
        )
        key = make_api_key(organization, project=project, name=f"Key {number}").api_key
        target = Target("openai", credential.pk, "gpt-5", weight=2, priority=number)
        make_route(organization, f"gpt-{number}", target, Target("anthropic"))
        make_limit(organization, "budget_usd", 10, window="month", project_id=project.pk)
        make_limit(organization, api_key_id=key.pk)
    return organization


def one(organization: Organization) -> access.OrganizationAccess:
    (found,) = organization_access([organization.pk], at=utc_now())
    return found


def test_an_organization_is_known_with_all_that_is_its_own_and_nothing_else() -> None:
    acme, globex = furnish("Acme"), furnish("Acme")
    found = one(acme)
    assert (found.id, found.slug, found.schema_name) == (acme.pk, acme.slug, acme.schema_name)
    assert found.entitlements == STARTING_ENTITLEMENTS
    assert {project.name for project in found.projects.values()} == {
        "Default",
        "Project 0",
        "Project 1",
    }
    assert sorted(row.secret for row in found.credentials.values()) == [
        f"sk-of-{acme.pk}-0",
        f"sk-of-{acme.pk}-1",
    ]
    assert [(route.pattern, len(route.targets)) for route in found.routes] == [
        ("gpt-0", 2),
        ("gpt-1", 2),
    ]
    assert len(found.limits) == 4
    assert str(globex.pk) not in str(found.to_dict())
    assert [each.id for each in organization_access(at=utc_now())] == sorted([acme.pk, globex.pk])


def test_keys_are_known_by_their_digest_until_long_after_their_end() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    at = utc_now()
    row = make_api_key(acme, expires_at=at + timedelta(days=1), is_test=True).api_key
    make_api_key(globex)
    long_gone = make_api_key(acme).api_key
    ApiKey.objects.filter(pk=long_gone.pk).update(revoked_at=at - timedelta(days=31))
    found = key_access([acme.pk], at=at)
    assert found == {
        acme.pk: {
            bytes.fromhex(row.digest): access.KeyAccess(
                id=row.pk,
                organization_id=acme.pk,
                project_id=row.project_id,
                name="Backend",
                is_test=True,
                scopes=frozenset({"gateway.call", "organization.read"}),
                expires_at=row.expires_at,
            )
        }
    }
    assert set(key_access(at=at)) == {acme.pk, globex.pk}


def queries() -> int:
    with CaptureQueriesContext(connection) as captured:
        organization_access(at=utc_now())
        key_access(at=utc_now())
    return sum(" FROM " in query["sql"] for query in captured)


def test_three_organizations_take_no_more_queries_than_one() -> None:
    furnish("Acme")
    alone = queries()
    furnish("Acme")
    furnish("Globex")
    assert (alone, queries()) == (11, 11)


def test_a_limit_names_its_subject() -> None:
    acme = make_organization()
    project, key = make_project(acme), make_api_key(acme).api_key
    make_limit(acme, "concurrency", 3)
    make_limit(acme, project_id=project.pk)
    make_limit(
        acme,
        "budget_usd",
        "1.5",
        api_key_id=key.pk,
        window="day",
        is_hard=False,
        alert_fractions=(Decimal("0.5"),),
    )
    found = [(row.subject, row.subject_id, row.kind, row.window) for row in one(acme).limits]
    assert found == [
        ("organization", acme.pk, "concurrency", None),
        ("project", project.pk, "requests_per_minute", "minute"),
        ("key", key.pk, "budget_usd", "day"),
    ]
    budget = one(acme).limits[2]
    assert (budget.amount, budget.alert_fractions) == (Decimal("1.5"), (Decimal("0.5"),))
    assert budget.is_hard is False


def test_a_data_key_is_known_where_there_is_one() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    set_content_storage(
        organization=acme,
        project_id=make_project(acme).pk,
        stores_content=True,
        retention_days=7,
        at=utc_now(),
    )
    assert one(acme).data_key == unwrap(DataKey.objects.get(organization=acme))
    assert one(globex).data_key is None


def test_a_closed_organization_is_known_without_its_secrets() -> None:
    acme = furnish()
    Organization.objects.filter(pk=acme.pk).update(closed_at=utc_now())
    found = one(acme)
    assert (found.is_closed, found.credentials, found.routes) == (True, {}, ())


def test_one_secret_that_does_not_open_keeps_no_other_from_use(settings: Settings) -> None:
    acme, globex = furnish("Acme"), furnish("Acme")
    broken = ProviderCredential.objects.filter(organization=acme).earliest("id")
    ProviderCredential.objects.filter(pk=broken.pk).update(sealed=b"x" * 40)
    assert len(one(acme).credentials) == 1
    assert [len(route.targets) for route in one(acme).routes] == [1, 2]
    settings.KEY_ENCRYPTION_KEYS = Keyring({"other": b"o" * 32})
    assert [each.credentials for each in organization_access(at=utc_now())] == [{}, {}]
    assert globex.pk in {each.id for each in organization_access(at=utc_now())}


def test_a_target_with_a_credential_of_another_organization_is_left_out() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    route = make_route(acme)
    RouteTarget.objects.filter(route=route).update(credential=make_credential(globex))
    assert one(acme).routes[0].targets == ()


def test_only_addresses_of_the_operator_may_lie_inside(settings: Settings) -> None:
    acme = make_organization()
    settings.PRIVATE_UPSTREAMS = PrivateUpstreams.parse(["vllm:8000"])
    make_credential(acme, "vllm", "Ours", secret="", base_url="http://vllm:8000/v1")
    make_credential(acme, "openai", "Public", base_url="https://93.184.216.34")
    for name, url in (("Simulator", "http://127.0.0.1:42400"), ("Real", None)):
        set_platform_credential(
            organization=acme,
            provider="openai",
            name=name,
            secret="sk-of-the-platform",
            base_url=url,
            at=utc_now(),
        )
    found = {row.name: row.may_reach_private for row in one(acme).credentials.values()}
    assert found == {"Ours": True, "Public": False, "Simulator": True, "Real": False}


def test_entitlements_begin_and_end_by_the_passing_of_time() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    at = utc_now()
    soon: dict[str, Any] = {"after": at, "until": at + timedelta(seconds=30)}
    Entitlement.objects.filter(organization=globex).update(valid_from=at - timedelta(days=1))
    Entitlement.objects.filter(organization=acme).update(valid_from=at - timedelta(days=1))
    assert entitlements_changing(**soon) == set()
    Entitlement.objects.filter(organization=acme, code="plan").update(valid_until=soon["until"])
    assert entitlements_changing(**soon) == {acme.pk}
    (found,) = organization_access([acme.pk], at=soon["until"])
    assert "plan" not in found.entitlements
