import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from apps.tenants.admin.audit import audited_events
from apps.tenants.models import Flag, Organization
from tests.factories import make_organization, make_user

pytestmark = pytest.mark.django_db


def events(name: str) -> list[dict[str, object]]:
    (model,) = (event for event in audited_events() if event.__name__ == name)
    return [dict(row) for row in model._default_manager.order_by("pgh_id").values()]


def test_turning_a_flag_on_and_off_for_an_organization_is_recorded() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    flag = Flag.objects.create(code="new-thing", description="A new thing")

    flag.organizations.set([acme, globex])
    flag.organizations.remove(acme)

    recorded = [
        (event["pgh_label"], event["organization_id"]) for event in events("FlagOrganizationEvent")
    ]
    assert set(recorded[:2]) == {("insert", acme.pk), ("insert", globex.pk)}
    assert recorded[2:] == [("delete", acme.pk)]


def test_giving_somebody_a_group_is_recorded() -> None:
    user, group = make_user(), Group.objects.create(name="Auditors")

    user.groups.add(group)

    recorded = [(e["pgh_label"], e["user_id"], e["group_id"]) for e in events("UserGroupEvent")]
    assert recorded == [("insert", user.pk, group.pk)]


def test_bulk_updates_and_raw_sql_are_recorded() -> None:
    organization = make_organization("Acme")

    Organization.objects.filter(pk=organization.pk).update(name="Renamed")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_organization SET name = 'By hand'")

    names = [event["name"] for event in events("OrganizationEvent")]
    assert names == ["Acme", "Renamed", "By hand"]


def test_what_was_recorded_cannot_be_changed() -> None:
    make_organization("Acme")

    for change in (
        "UPDATE tenants_organizationevent SET name = ''",
        "DELETE FROM tenants_userevent",
    ):
        with (
            pytest.raises(ProgrammingError, match="Cannot update or delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
