"""The admin site opens for staff with a second factor, and shows no secret to anybody."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as StaffPermission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.tenants.admin import staff_site
from apps.tenants.admin.site import pages
from apps.tenants.models import DataKey, Flag, Invitation
from apps.tenants.permissions import Access
from tests.factories import (
    PASSWORD,
    make_api_key,
    make_credential,
    make_invitation,
    make_organization,
    make_user,
)
from tests.staff import make_colleague, sign_in

pytestmark = pytest.mark.django_db
PROVIDER_KEY = "sk-canary-0123456789abcdef"
LISTS = sorted(
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for model in staff_site._registry
)


def where(client: Client, path: str) -> tuple[int, str]:
    """Status and target of a redirect."""
    response = client.get(path)
    return response.status_code, response.headers.get("location", "")


@pytest.mark.parametrize("name", ["admin:index", "admin:tenants_user_changelist", "admin:jsi18n"])
def test_a_stranger_is_asked_to_sign_in_by_the_ordinary_login(client: Client, name: str) -> None:
    path = reverse(name)
    assert where(client, path) == (302, f"/accounts/login/?next={path}")


def test_there_is_no_second_password_form(client: Client) -> None:
    assert where(client, "/staff/login/") == (302, "/accounts/login/")


@pytest.mark.parametrize("name", ["admin:index", "admin:tenants_user_changelist", "admin:jsi18n"])
def test_a_customer_finds_nothing(name: str) -> None:
    owner = make_user()
    make_organization(owner=owner)
    assert sign_in(owner).get(reverse(name)).status_code == 404


def test_staff_without_mfa_are_sent_to_set_it_up() -> None:
    colleague = make_colleague()
    Authenticator.objects.all().delete()
    assert where(sign_in(colleague), "/staff/") == (302, reverse("mfa_activate_totp"))


def test_staff_who_signed_in_by_password_alone_confirm_first() -> None:
    client = sign_in(make_colleague(), used="password")
    target = f"{reverse('mfa_reauthenticate')}?next=/staff/"
    assert where(client, "/staff/") == (302, target)


def test_staff_who_were_dismissed_find_nothing() -> None:
    colleague = make_colleague()
    client = sign_in(colleague)
    colleague.is_staff = False
    colleague.save()
    assert client.get("/staff/").status_code == 404


def test_every_view_of_the_site_declares_that_it_is_for_staff() -> None:
    found = pages(staff_site.get_urls())
    declared = [(page.name, getattr(page.callback, "declared_access", None)) for page in found]
    assert len(declared) > 100
    # The login only leads to the ordinary one.
    assert {name for name, access in declared if access != Access.STAFF} == {"login"}


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_for_a_superuser(name: str) -> None:
    client = sign_in(make_colleague(is_superuser=True))
    Flag.objects.create(code="beta", description="Early pages")
    assert client.get(reverse(name)).status_code == 200


def test_support_sees_customers_but_not_what_superusers_see() -> None:
    client = sign_in(make_colleague())
    assert client.get(reverse("admin:tenants_organization_changelist")).status_code == 200
    assert client.get(reverse("admin:auth_group_changelist")).status_code == 403


def test_no_page_shows_a_secret() -> None:
    organization = make_organization(name="Acme", owner=make_user())
    key = make_api_key(organization)
    credential = make_credential(organization, secret=PROVIDER_KEY)
    invited = make_invitation(organization)
    canaries = {
        "api key": key.text.value,
        "digest": key.api_key.digest,
        "provider key": PROVIDER_KEY,
        "sealed": bytes(credential.sealed).hex(),
        "data key": bytes(DataKey.objects.get().wrapped).hex(),
        "token": invited.token,
        "token digest": Invitation.objects.get().token_digest,
        "password": PASSWORD,
        "password hash": organization.memberships.get().user.password,
    }
    client = sign_in(make_colleague(is_superuser=True))
    pages = [*map(reverse, LISTS), *_detail_pages()]
    shown = {path: client.get(path).content.decode() for path in pages}
    leaks = {
        (path, name)
        for path, content in shown.items()
        for name, canary in canaries.items()
        if canary in content
    }
    assert leaks == set()


def _detail_pages() -> list[str]:
    rows = [(model, row) for model in staff_site._registry for row in model.objects.all()[:3]]
    assert len(rows) > 20
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
        for model, row in rows
    ]


@pytest.mark.parametrize("name", ["organization", "apikey", "membershipevent", "invitation"])
def test_a_list_asks_as_many_queries_for_three_rows_as_for_one(name: str) -> None:
    path = reverse(f"admin:tenants_{name}_changelist")
    client = sign_in(make_colleague(is_superuser=True))
    client.get(path)  # what is read once a session or process does not count
    counts = []
    for number in range(3):
        organization = make_organization(name=f"Acme {number}")
        make_api_key(organization)
        make_invitation(organization)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]


def test_only_staff_pages_may_evaluate_and_style_inline(client: Client) -> None:
    staff = sign_in(make_colleague()).get("/staff/").headers["content-security-policy"]
    login = client.get("/accounts/login/").headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-eval'" in staff
    assert "style-src 'self' 'unsafe-inline'" in staff
    assert "script-src 'self' 'unsafe-inline'" not in staff
    assert "unsafe" not in login


def test_the_history_of_a_row_and_of_an_organization_is_found_by_its_key() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    key = make_api_key(acme, name="Backend").api_key
    make_api_key(globex, name="Theirs")
    client = sign_in(make_colleague(is_superuser=True))

    def found(name: str, term: object) -> set[str]:
        path = reverse(f"admin:tenants_{name}event_changelist")
        rows = client.get(path, {"q": str(term)}).context["cl"].result_list
        return {str(row.pgh_obj_id) for row in rows}

    assert found("apikey", key.pk) == {str(key.pk)}
    assert found("organization", globex.pk) == {str(globex.pk)}
    projects = {str(pk) for pk in acme.projects.values_list("pk", flat=True)}
    assert found("project", acme.pk) == projects
    assert found("apikey", acme.pk) == {str(key.pk)}
    assert found("apikey", "nothing") == set()


def test_a_group_is_shown_with_few_queries_however_many_permissions_it_has() -> None:
    client, group = sign_in(make_colleague(is_superuser=True)), Group.objects.create(name="All")
    path = reverse("admin:auth_group_change", args=[group.pk])

    def queries(count: int) -> int:
        group.permissions.set(StaffPermission.objects.order_by("pk")[:count])
        client.get(path)
        with CaptureQueriesContext(connection) as counted:
            client.get(path)
        return len(counted)

    assert queries(1) == queries(30)
