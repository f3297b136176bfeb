"""What the loader hears of a real Postgres, and what it tells it."""

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from apps.kernel.clock import utc_now
from apps.pricing.rates import PriceBook
from apps.pricing.selectors import edition_in_force, price_book
from apps.pricing.services import publish_shipped_catalogue
from apps.proxy.loader import Loader, Pace
from apps.tenants.access import OrganizationAccess
from apps.tenants.models import ApiKey, Entitlement, Organization, Project, RouteTarget
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.services.api_keys import create_api_key, note_uses
from apps.tenants.services.projects import set_content_storage
from tests.factories import (
    make_api_key,
    make_credential,
    make_limit,
    make_organization,
    make_project,
    make_route,
)
from tests.proxy.loading import BOOK, Start, eventually, knows, learns, snapshot_file

pytestmark = pytest.mark.django_db(transaction=True)
Step = tuple[Callable[[Organization], object], Callable[[OrganizationAccess], object]]
# What is done to an organization, and how gateways tell.
STEPS: dict[str, Step] = {
    "credential": (make_credential, lambda known: len(known.credentials) == 1),
    "route": (make_route, lambda known: known.routes and known.routes[0].targets),
    "target": (
        lambda ours: RouteTarget.objects.filter(route__organization=ours).update(weight=9),
        lambda known: known.routes[0].targets[0].weight == 9,
    ),
    "limit": (make_limit, lambda known: len(known.limits) == 1),
    "limit deleted": (lambda ours: ours.limits.all().delete(), lambda known: not known.limits),
    "route deleted": (lambda ours: ours.routes.all().delete(), lambda known: not known.routes),
    "project": (make_project, lambda known: len(known.projects) == 2),
    "content": (
        lambda ours: set_content_storage(
            organization=ours,
            project_id=ours.projects.get(name="Search").pk,
            stores_content=True,
            retention_days=3,
            at=utc_now(),
        ),
        lambda known: known.data_key,
    ),
    "archived": (
        lambda ours: Project.objects.filter(organization=ours).update(archived_at=utc_now()),
        lambda known: all(project.is_archived for project in known.projects.values()),
    ),
    "entitlement": (
        lambda ours: Entitlement.objects.create(organization=ours, code="extra", value=5),
        lambda known: known.entitlements.get("extra") == 5,
    ),
    "closed": (
        lambda ours: Organization.objects.filter(pk=ours.pk).update(closed_at=utc_now()),
        lambda known: known.is_closed,
    ),
}


def test_everything_is_loaded_at_the_start(start: Start) -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    key, other = make_api_key(acme).api_key, make_api_key(globex).api_key
    loader = start()
    assert (loader.state.source, loader.state.is_listening) == ("database", True)
    found = [loader.current.key(bytes.fromhex(row.digest)) for row in (key, other)]
    assert [each and each.organization_id for each in found] == [acme.pk, globex.pk]
    assert loader.state.version == loader.current.version > 0


def test_each_change_reaches_the_snapshot_by_its_notice(start: Start) -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    loader = start(poll=600.0)
    untouched = loader.current.shards[globex.pk]
    for do, tells in STEPS.values():
        do(acme)
        eventually(lambda tells=tells: tells(_known(loader, acme)))  # type: ignore[misc]
    assert loader.current.shards[globex.pk] is untouched


def test_a_revoked_key_is_known_to_be(start: Start) -> None:
    key = make_api_key(make_organization()).api_key
    loader = start(poll=600.0)
    at = utc_now()
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=at)

    def state() -> str:
        known = loader.current.key(bytes.fromhex(key.digest))
        assert known is not None
        return known.state(at=at)

    eventually(lambda: state() == "revoked")


def _known(loader: Loader, organization: Organization) -> OrganizationAccess:
    known = loader.current.organization(organization.pk)
    assert known is not None
    return known


def test_a_use_of_a_key_is_no_change(start: Start) -> None:
    acme = make_organization()
    key = make_api_key(acme).api_key
    loader = start(poll=600.0)
    before = loader.current
    note_uses(uses={key.pk: utc_now()})
    other = make_api_key(make_organization("Globex")).api_key
    learns(loader, other.digest)
    assert loader.current.shards[acme.pk] is before.shards[acme.pk]


def test_versions_rise_and_two_processes_agree_on_them(start: Start, tmp_path: Path) -> None:
    acme = make_organization("Acme")
    one, two = start(), start()
    seen = []
    for number in range(5):
        key = make_api_key(acme, name=f"Key {number}").api_key
        learns(one, key.digest)
        learns(two, key.digest)
        eventually(lambda: one.current.version == two.current.version)
        seen.append(one.current.version)
    assert seen == sorted(set(seen))
    assert one.current.shards == two.current.shards
    organization = one.current.organization(acme.pk)
    assert organization is not None
    assert organization.version == one.current.version


def test_a_deleted_organization_is_forgotten(start: Start) -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    key = make_api_key(acme).api_key
    loader = start()
    gone = acme.pk
    ApiKey.objects.filter(organization=acme).delete()
    acme.delete()
    eventually(lambda: loader.current.organization(gone) is None)
    assert not knows(loader, key.digest)
    assert loader.current.organization(globex.pk) is not None


def test_a_change_whose_notice_is_lost_is_found_by_comparing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.proxy.listening.CHANNEL", "gateway_elsewhere")
    acme = make_organization()
    loader = start(poll=0.2)
    key = make_api_key(acme).api_key
    learns(loader, key.digest)


def test_an_entitlement_ends_by_the_passing_of_time(start: Start) -> None:
    acme = make_organization()
    loader = start(poll=0.2)
    ends = utc_now() + timedelta(seconds=1.5)
    Entitlement.objects.filter(organization=acme, code="plan").update(valid_until=ends)

    def plan() -> object:
        organization = loader.current.organization(acme.pk)
        return organization and organization.entitlements.get("plan")

    assert plan() == "early"
    eventually(lambda: plan() is None)


def test_the_file_follows_the_changes(start: Start, folder: Path) -> None:
    acme = make_organization()
    start()
    key = make_api_key(acme).api_key
    file = snapshot_file(folder)
    eventually(lambda: (kept := file.read()) and kept.key(bytes.fromhex(key.digest)))


def test_uses_of_keys_reach_the_database(start: Start) -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    key, other = make_api_key(acme).api_key, make_api_key(globex).api_key
    loader = start()
    at = utc_now()
    loader.mark_used(key.pk, at - timedelta(seconds=1))
    loader.mark_used(key.pk, at)
    loader.stop()
    used = dict(ApiKey.objects.values_list("pk", "last_used_at"))
    assert used == {key.pk: at, other.pk: None}


def test_a_new_edition_of_the_price_book_is_taken_by_its_notice(folder: Path) -> None:
    def read_prices(known: PriceBook, at: datetime) -> PriceBook:
        return known if edition_in_force(at) is None else price_book(at)

    loader = Loader(
        snapshot_file(folder), prices=BOOK, read_prices=read_prices, pace=Pace(poll=600.0)
    )
    loader.start()
    edition = publish_shipped_catalogue(at=utc_now())
    assert edition is not None
    eventually(lambda: loader.current.prices.version == edition.version)
    loader.stop()


def test_almost_all_of_many_changes_are_live_within_two_seconds(
    start: Start,
) -> None:
    """The promise of the gateway to those who revoke a key; bench/ has the exact times."""
    acme = make_organization()
    project = make_project(acme)
    loader = start(poll=600.0)
    waits = []
    for number in range(20):
        new = create_api_key(
            project=project,
            name=f"Key {number}",
            scopes=KEY_SCOPES,
            granted_by=KEY_SCOPES,
            created_by=None,
            at=utc_now(),
        )
        committed = time.monotonic()
        learns(loader, new.api_key.digest)
        waits.append(time.monotonic() - committed)
    assert statistics.quantiles(waits, n=20)[-1] < 2.0
