"""What staff do: enter an organization, revoke a key, lock somebody out; all of it recorded."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse

from apps.kernel.clock import utc_now
from apps.tenants.actors import actor_of_user
from apps.tenants.models import ApiKey, Organization, SupportAccess, User
from apps.tenants.permissions import SUPPORT_READ, SUPPORT_WRITE
from tests.factories import make_api_key, make_organization, make_user
from tests.staff import make_colleague, sign_in

pytestmark = pytest.mark.django_db
REASON = "Ticket 4711: the invoice looks wrong"


def support_page(organization: Organization) -> str:
    return reverse("admin:tenants_organization_support_access", args=[organization.pk])


def test_staff_stand_outside_an_organization_until_they_enter_it() -> None:
    acme, other = make_organization("Acme"), make_organization("Other")
    colleague = make_colleague()
    client, at = sign_in(colleague), utc_now()
    assert actor_of_user(user=colleague, slug=acme.slug, at=at) is None
    assert client.get(f"/o/{acme.slug}/").status_code == 404
    response = client.post(support_page(acme), {"reason": REASON})
    assert response.headers["location"] == f"/o/{acme.slug}/"
    actor = actor_of_user(user=colleague, slug=acme.slug, at=utc_now())
    assert actor
    assert actor.permissions == SUPPORT_READ
    assert client.get(f"/o/{acme.slug}/").status_code == 200
    assert client.get(f"/o/{other.slug}/").status_code == 404
    assert actor_of_user(user=colleague, slug=acme.slug, at=at + timedelta(hours=2)) is None


def test_writing_must_be_asked_for() -> None:
    acme, colleague = make_organization(), make_colleague()
    sign_in(colleague).post(support_page(acme), {"reason": REASON, "may_write": "on"})
    actor = actor_of_user(user=colleague, slug=acme.slug, at=utc_now())
    assert actor
    assert actor.permissions == SUPPORT_WRITE


def test_an_entry_without_a_reason_is_refused() -> None:
    acme, colleague = make_organization(), make_colleague()
    response = sign_in(colleague).post(support_page(acme), {"reason": "because"})
    assert response.status_code == 200
    assert SupportAccess.objects.count() == 0


def test_the_entry_ends_when_staff_leave() -> None:
    acme, colleague = make_organization(), make_colleague()
    client = sign_in(colleague)
    client.post(support_page(acme), {"reason": REASON})
    page = client.get(support_page(acme)).content.decode()
    assert "End my access" in page
    assert REASON in page
    client.post(support_page(acme), {"leave": ""})
    assert actor_of_user(user=colleague, slug=acme.slug, at=utc_now()) is None


def test_a_leaked_key_is_revoked_at_once() -> None:
    leaked, kept = make_api_key(make_organization()), make_api_key(make_organization())
    client = sign_in(make_colleague())
    chosen = {"action": "revoke", "_selected_action": [str(leaked.api_key.pk)]}
    client.post(reverse("admin:tenants_apikey_changelist"), chosen)
    assert list(ApiKey.objects.usable(at=utc_now())) == [kept.api_key]


def test_support_locks_a_customer_out_but_no_colleague() -> None:
    customer, boss = make_user(), make_colleague("boss@netra.test", is_superuser=True)
    client = sign_in(make_colleague())
    pages = [reverse("admin:tenants_user_change", args=[user.pk]) for user in (customer, boss)]
    assert [client.post(page, _inlines(full_name="Ada")).status_code for page in pages] == [
        302,
        403,
    ]
    customer.refresh_from_db()
    assert (customer.is_active, customer.full_name) == (False, "Ada")


def test_support_cannot_appoint_itself() -> None:
    customer = make_user()
    client = sign_in(make_colleague())
    page = reverse("admin:tenants_user_change", args=[customer.pk])
    powers = {"is_staff": "on", "is_superuser": "on", "email": "evil@netra.test", "password": "x"}
    client.post(page, _inlines(is_active="on", **powers))
    found = User.objects.get(pk=customer.pk)
    assert (found.is_staff, found.is_superuser, found.email) == (False, False, customer.email)
    assert found.password == customer.password


def test_staff_send_a_reset_and_never_set_a_password() -> None:
    customer = make_user("ada@acme.test")
    client = sign_in(make_colleague())
    chosen = {"action": "send_password_reset", "_selected_action": [str(customer.pk)]}
    client.post(reverse("admin:tenants_user_changelist"), chosen)
    assert [message.to for message in mail.outbox] == [["ada@acme.test"]]


@pytest.mark.parametrize("name", ["organization", "user", "apikey", "organizationevent", "flag"])
def test_nothing_can_be_deleted(name: str) -> None:
    organization = make_organization()
    make_api_key(organization)
    apps.get_model("tenants", "Flag").objects.create(code="beta")
    client = sign_in(make_colleague(is_superuser=True))
    row = apps.get_model("tenants", name).objects.first()
    assert row is not None
    page = reverse(f"admin:tenants_{name}_delete", args=[row.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403


def test_a_change_records_who_made_it_and_where() -> None:
    acme, colleague = make_organization(), make_colleague()
    sign_in(colleague).post(support_page(acme), {"reason": REASON})
    event = apps.get_model("tenants", "SupportAccessEvent").objects.get()
    assert event.reason == REASON
    assert event.pgh_context.metadata["user"] == colleague.pk
    assert event.pgh_context.metadata["url"] == support_page(acme)


def test_bulk_updates_and_raw_sql_are_recorded_too() -> None:
    acme = make_organization()
    make_organization("Other")
    Organization.objects.filter(pk=acme.pk).update(name="Bulk")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_organization SET name = 'Raw' WHERE id = %s", [acme.pk])
    events = apps.get_model("tenants", "OrganizationEvent").objects.filter(pgh_obj_id=acme.pk)
    recorded = list(events.order_by("pgh_id").values_list("pgh_label", "name"))
    assert recorded == [("insert", "Acme"), ("update", "Bulk"), ("update", "Raw")]


@pytest.mark.parametrize("statement", ["UPDATE {} SET name = 'x'", "DELETE FROM {}"])
def test_what_was_recorded_cannot_be_changed(statement: str) -> None:
    make_organization()
    with (
        pytest.raises(ProgrammingError, match="Cannot update or delete rows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("tenants_organizationevent"))


def _inlines(**fields: str) -> dict[str, str]:
    """A form of a person with the management fields of its read-only inline."""
    return {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0", **fields}
