from typing import cast

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from apps.kernel.clock import utc_now
from apps.portal import urls
from apps.portal.access import DeclaredView
from apps.tenants.models import Membership
from apps.tenants.permissions import Access, Permission, Role
from apps.tenants.services.support import open_support_access
from tests.factories import make_user
from tests.portal.browsing import sign_in
from tests.portal.pages import OPEN_PAGES, ORGANIZATION_PAGES, SIGNED_IN_PAGES, Page, World

WORLDS_LAST = ("savings_token", "experiment_token")
# Pages that only do something, and so cannot be opened.
DOWNLOADS: dict[str, Permission | Access] = {
    "import_errors": Permission.USAGE_READ,
    "usage_file": Permission.USAGE_READ,
    "value_file": Permission.USAGE_READ,
    "usage_imports": Permission.USAGE_READ,
    "request_file": Permission.USAGE_READ,
    "request_rows": Permission.USAGE_READ,
    "request_content": Permission.CONTENT_READ,
    "first_request": Permission.USAGE_READ,
    "proof_file": Permission.USAGE_READ,
    "proof_verifier": Permission.USAGE_READ,
    "experiment_file": Permission.EXPERIMENTS_READ,
    "savings_file": Permission.USAGE_READ,
    "savings_archive": Permission.USAGE_READ,
    "savings_pdf": Permission.USAGE_READ,
    "dispute_report": Permission.USAGE_READ,
    "shared_archive": Access.ANYONE,
    "shared_pdf": Access.ANYONE,
    "shared_verifier": Access.ANYONE,
}
POST_ONLY = {
    "first_key": Permission.KEYS_WRITE,
    "invitation_resend": Permission.MEMBERS_INVITE,
    "invitation_accept": Access.SIGNED_IN,
    "invitation_decline": Access.ANYONE,
    "support_leave": Access.SIGNED_IN,
    "experiment_start": Permission.EXPERIMENTS_WRITE,
    "webhook_switch": Permission.WEBHOOKS_WRITE,
    "webhook_ping": Permission.WEBHOOKS_WRITE,
    "delivery_redeliver": Permission.WEBHOOKS_WRITE,
}
SUPPORT_READS = {
    "portal:home",
    "portal:get_started",
    "portal:members",
    "portal:projects",
    "portal:keys",
    "portal:credentials",
    "portal:routes",
    "portal:limits",
    "portal:levers",
    "portal:certificates",
    "portal:certificate",
    "portal:deferred_calls",
    "portal:alerts",
    "portal:requests",
    "portal:request",
    "portal:proof",
    "portal:experiment",
    "portal:savings_statement",
    "portal:usage",
    "portal:value",
    "portal:reconciliations",
    "portal:reconciliation",
    "portal:forecast",
    "portal:disputes",
    "portal:imports",
    "portal:import",
    "portal:import_report",
    "portal:settings",
}
SUPPORT_WRITES = SUPPORT_READS | {
    "portal:invitation_create",
    "portal:invitation_withdraw",
    "portal:project_create",
    "portal:project_rename",
    "portal:project_archive",
    "portal:settings_edit",
}


def _views(patterns: list[URLPattern | URLResolver]) -> dict[str, DeclaredView]:
    found: dict[str, DeclaredView] = {}
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= _views(pattern.url_patterns)
        else:
            found[str(pattern.name)] = cast(DeclaredView, pattern.callback)
    return found


def _status(client: Client, page: Page, world: World) -> int:
    response = cast(HttpResponse, client.get(page.url(world)))
    return response.status_code


def test_every_view_says_what_it_asks_and_every_page_is_in_the_table() -> None:
    declared = {name: view.declared_access for name, view in _views(urls.urlpatterns).items()}
    tabled = {page.view.removeprefix("portal:") for page in ORGANIZATION_PAGES}
    tabled |= {"organization_create", "styleguide", "invitation", "start", "shared_proof"}
    tabled |= {"proof_link_create"}  # asks for what it is about in its query
    assert set(declared) == tabled | set(POST_ONLY) | set(DOWNLOADS)
    assert {name: declared[name] for name in DOWNLOADS} == DOWNLOADS
    assert {name: declared[name] for name in POST_ONLY} == POST_ONLY
    inside = {page.view.removeprefix("portal:") for page in ORGANIZATION_PAGES}
    assert {name for name, access in declared.items() if isinstance(access, Permission)} == (
        inside
        | {name for name, access in POST_ONLY.items() if isinstance(access, Permission)}
        | {name for name, access in DOWNLOADS.items() if isinstance(access, Permission)}
        | {"proof_link_create"}
    )


@pytest.mark.parametrize("page", ORGANIZATION_PAGES, ids=lambda page: page.view)
def test_each_role_opens_what_the_table_says(page: Page, world: World, client: Client) -> None:
    person = make_user()
    membership = Membership.objects.create(
        organization=world.organization, user=person, role=Role.VIEWER
    )
    seen = {}
    for role in Role:
        if role == Role.OWNER:
            user = world.owner
        else:
            user = person
            Membership.objects.filter(pk=membership.pk).update(role=role)
        sign_in(client, user, is_recent=page.is_recent)
        seen[role] = _status(client, page, world)
    assert seen == {role: 200 if role in page.roles else 403 for role in Role}


@pytest.mark.parametrize("page", ORGANIZATION_PAGES, ids=lambda page: page.view)
def test_strangers_see_404_and_the_signed_out_sign_in(
    page: Page, world: World, other: World, client: Client
) -> None:
    signed_out = client.get(page.url(world))
    assert (signed_out.status_code, signed_out.headers["Location"].partition("?")[0]) == (
        302,
        reverse("account_login"),
    )
    sign_in(client, other.owner, is_recent=page.is_recent)
    assert _status(client, page, world) == 404


@pytest.mark.parametrize(
    "page", [page for page in ORGANIZATION_PAGES if page.about], ids=lambda page: page.view
)
def test_rows_of_another_organization_are_404_inside_ones_own(
    page: Page, world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    here = page.url(world)
    borrowed = here.replace(_id(world, page), _id(other, page))
    assert client.get(borrowed).status_code == 404
    changed = client.post(borrowed, {"name": "Mine", "role": "admin"})
    assert changed.status_code == (405 if page.is_shown else 404)
    assert client.get(here).status_code == 200


@pytest.mark.parametrize("may_write", [False, True])
def test_staff_see_an_organization_only_through_support_access(
    may_write: bool, world: World, other: World, client: Client
) -> None:
    staff = make_user("support@netra.test", is_staff=True)
    sign_in(client, staff)
    home = ORGANIZATION_PAGES[0]
    assert _status(client, home, world) == 404
    open_support_access(
        organization=world.organization,
        staff=staff,
        reason="Ticket 4711: keys missing",
        may_write=may_write,
        at=utc_now(),
    )
    allowed = SUPPORT_WRITES if may_write else SUPPORT_READS
    seen = {page.view: _status(client, page, world) for page in ORGANIZATION_PAGES}
    assert seen == {page.view: 200 if page.view in allowed else 403 for page in ORGANIZATION_PAGES}
    assert _status(client, home, other) == 404


def test_support_access_is_announced_and_can_be_left(world: World, client: Client) -> None:
    staff = make_user("support@netra.test", is_staff=True)
    reason = "Ticket 4711: keys missing"
    open_support_access(
        organization=world.organization, staff=staff, reason=reason, may_write=False, at=utc_now()
    )
    sign_in(client, staff)
    home = ORGANIZATION_PAGES[0].url(world)
    assert reason in client.get(home).content.decode()
    client.post(reverse("portal:support_leave"))
    assert client.get(home).status_code == 404


def test_a_refusal_names_permission_and_role(world: World, client: Client) -> None:
    sign_in(client, world.member.user)
    page = client.get(reverse("portal:key_create", args=[world.organization.slug]))
    assert page.status_code == 403
    assert "keys.write" in page.content.decode()
    assert "<strong>Viewer</strong>" in page.content.decode()


def test_pages_are_never_kept_by_a_cache(world: World, client: Client) -> None:
    sign_in(client, world.owner, is_recent=True)
    kept = [
        page.view
        for page in ORGANIZATION_PAGES
        if "no-store" not in client.get(page.url(world)).headers["Cache-Control"]
    ]
    assert kept == []


@pytest.mark.parametrize("page", SIGNED_IN_PAGES, ids=lambda page: page.view)
def test_personal_pages_open_for_everybody_signed_in(
    page: Page, world: World, client: Client
) -> None:
    assert _status(client, page, world) == 302
    sign_in(client, world.owner, is_recent=True)
    assert _status(client, page, world) == 200


@pytest.mark.parametrize("page", OPEN_PAGES, ids=lambda page: page.view)
def test_open_pages_open_for_anyone(page: Page, world: World, client: Client) -> None:
    assert _status(client, page, world) == 200


def test_the_time_zone_of_the_organization_is_printed(world: World, client: Client) -> None:
    world.organization.time_zone = "Asia/Kolkata"
    world.organization.save()
    sign_in(client, world.owner)
    page = client.get(reverse("portal:projects", args=[world.organization.slug]))
    assert " IST</span></time>" in page.content.decode()


def _id(world: World, page: Page) -> str:
    row = getattr(world, page.about)
    return row if isinstance(row, str) else str(row.pk)
