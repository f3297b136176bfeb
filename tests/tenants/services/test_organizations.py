import pytest
from django.db import IntegrityError, transaction

from apps.kernel.clock import utc_now
from apps.tenants import schema
from apps.tenants.models import Membership, Organization
from apps.tenants.permissions import Role
from apps.tenants.plans import Allowance
from apps.tenants.selectors import entitlements, open_projects, system_organization
from apps.tenants.services.demo import ensure_demo, ensure_system_organization
from apps.tenants.services.organizations import (
    InvalidSetting,
    create_organization,
    transfer_ownership,
    update_organization,
)
from tests.factories import make_member, make_organization, make_user

pytestmark = pytest.mark.django_db


def test_a_new_organization_is_furnished() -> None:
    owner = make_user()
    at = utc_now()

    organization = create_organization(name="  Acme   Corp ", owner=owner, at=at)

    assert (organization.name, organization.slug) == ("Acme Corp", "acme-corp")
    assert [project.name for project in open_projects(organization)] == ["Default"]
    in_force = entitlements(organization, at=at)
    assert in_force["plan"] == "early"
    # What a plan bounds is the plan's, so that it changes with the plan.
    assert {allowance: in_force.get(allowance) for allowance in Allowance} == dict.fromkeys(
        Allowance
    )
    assert [(m.user, m.role) for m in organization.memberships.all()] == [(owner, "owner")]


@pytest.mark.parametrize("name", ["Acme", "new", "Ünïcode & Söhne", "数据"])
def test_every_organization_gets_a_slug_of_its_own(name: str) -> None:
    first, second = make_organization(name), make_organization(name)

    assert first.slug != second.slug
    assert "new" not in {first.slug, second.slug}


def test_a_blank_name_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="Give the organization a name"):
        create_organization(name="  ", owner=None, at=utc_now())


def test_a_failed_clone_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(schema_name: str) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(schema, "clone_template", fail)

    with pytest.raises(OSError, match="disk full"):
        make_organization("Acme")

    assert not Organization.objects.filter(name="Acme").exists()


def test_settings_are_checked_before_they_are_saved() -> None:
    organization = make_organization()

    update_organization(
        organization=organization, name="New", time_zone="Europe/Berlin", currency="EUR"
    )
    for wrong in ({"name": ""}, {"time_zone": "Mars/Olympus"}, {"currency": "XXX"}):
        good = {"name": "Newer", "time_zone": "UTC", "currency": "USD"}
        with pytest.raises(InvalidSetting):
            update_organization(organization=organization, **{**good, **wrong})

    organization.refresh_from_db()
    assert (organization.name, organization.time_zone, organization.currency) == (
        "New",
        "Europe/Berlin",
        "EUR",
    )


def test_ownership_moves_and_the_former_owner_becomes_admin() -> None:
    owner = make_user()
    organization = make_organization(owner=owner)
    successor = make_member(organization, Role.DEVELOPER)

    transfer_ownership(organization=organization, to_membership=successor.memberships.get().pk)

    roles = {m.user: m.role for m in organization.memberships.select_related("user")}
    assert roles == {owner: "admin", successor: "owner"}


def test_ownership_cannot_go_to_a_member_of_another_organization() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    stranger = globex.memberships.get()

    with pytest.raises(Membership.DoesNotExist):
        transfer_ownership(organization=acme, to_membership=stranger.pk)

    assert acme.memberships.get(role="owner").user != stranger.user


def test_the_database_allows_one_owner_only() -> None:
    organization = make_organization()

    with pytest.raises(IntegrityError, match="one_owner"), transaction.atomic():
        make_member(organization, Role.OWNER)


def test_there_is_one_system_organization() -> None:
    first = ensure_system_organization(at=utc_now())

    assert ensure_system_organization(at=utc_now()) == first == system_organization()


def test_the_demo_login_is_kept_as_long_as_it_works() -> None:
    first = ensure_demo(known=None, at=utc_now())

    assert ensure_demo(known=first, at=utc_now()) == first
    assert ensure_demo(known=None, at=utc_now()).key != first.key
    assert Organization.objects.filter(name="Demo").count() == 1
