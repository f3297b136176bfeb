import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from pytest_django import Settings

from apps.kernel.events import Begin, Event
from apps.kernel.ids import uuid7
from apps.tenants import schema
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import event, events, refusals, sealed_content
from apps.usage.shipping import Shipper, only_shipper, storing
from apps.usage.shipping.shipper import OFFSETS
from apps.usage.spool import Kind, SpoolWriter, read_status
from apps.usage.spool.status import age_seconds
from tests.factories import make_organization
from tests.usage.spool.records import damage, make_begin, make_end, positions

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 1, tzinfo=UTC)


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    return SpoolWriter(tmp_path, "gateway-0", segment_bytes=20_000)


@pytest.fixture
def ship(tmp_path: Path) -> Callable[[], Shipper]:
    """A shipper that knows only what its files say, after it has shipped everything."""

    def ship() -> Shipper:
        shipper = Shipper(tmp_path, stop=Signal(), clock=lambda: AT)
        while shipper.ship_once():
            pass
        return shipper

    return ship


def begin_of(organization: Organization | UUID, writer: SpoolWriter) -> Begin:
    id = organization.pk if isinstance(organization, Organization) else organization
    begin = make_begin(organization_id=id)
    writer.begin(begin)
    return begin


def end_of(begin: Begin, writer: SpoolWriter, **fields: object) -> Event:
    end = make_end(begin, **fields)
    writer.end(end)
    return end


def outcomes(organization: Organization) -> dict[UUID, str]:
    with tenant_scope(organization):
        return dict(events().values_list("id", "outcome"))


def test_each_call_goes_to_its_organization_as_what_became_of_it(
    acme: Organization, writer: SpoolWriter, ship: Callable[[], Shipper], tmp_path: Path
) -> None:
    other = make_organization("Acme")
    ended, cut = begin_of(acme, writer), begin_of(acme, writer)
    end_of(ended, writer, end_user="ours")
    theirs = begin_of(other, writer)
    end_of(theirs, writer, end_user="canary")
    assert ship().status.inserted == 2
    assert outcomes(acme) == {ended.event_id: "success"}

    writer.close()
    assert ship().status.inserted == 1
    assert outcomes(acme) == {ended.event_id: "success", cut.event_id: "interrupted"}
    assert outcomes(other) == {theirs.event_id: "success"}
    with tenant_scope(acme):
        assert (event(cut.event_id).is_estimated, event(cut.event_id).actual_usd) == (True, None)
        assert {row.end_user for row in events()} == {None, "ours"}
    assert list(tmp_path.glob("*/*.seg")) == []


def test_a_shipper_that_lost_its_offsets_stores_nothing_twice(
    acme: Organization, writer: SpoolWriter, ship: Callable[[], Shipper], tmp_path: Path
) -> None:
    for _ in range(50):
        end_of(begin_of(acme, writer), writer)
    assert ship().status.inserted == 50
    assert ship().status.duplicate == 0
    (tmp_path / OFFSETS).write_text("{damaged")
    again = ship().status
    assert again.inserted == 0
    assert again.duplicate > 0
    assert len(outcomes(acme)) == 50


def test_calls_of_nobody_are_put_aside_and_block_nobody(
    acme: Organization, writer: SpoolWriter, ship: Callable[[], Shipper], tmp_path: Path
) -> None:
    nobody = uuid7()
    lost, cut, ours = begin_of(nobody, writer), begin_of(nobody, writer), begin_of(acme, writer)
    end_of(lost, writer)
    end_of(ours, writer)
    writer.close()
    status = ship().status
    assert (status.inserted, status.quarantined) == (1, 2)
    assert outcomes(acme) == {ours.event_id: "success"}

    organization = make_organization("Found again")
    Organization.objects.filter(pk=organization.pk).update(slug="moved", schema_name="moved")
    organization.pk = nobody
    organization.save(force_insert=True)
    (kept,) = (tmp_path / "quarantine").iterdir()
    shutil.move(kept, tmp_path)
    assert ship().status.inserted == 2
    assert outcomes(organization) == {lost.event_id: "success", cut.event_id: "interrupted"}


def test_an_organization_deleted_meanwhile_blocks_nobody(
    acme: Organization, writer: SpoolWriter, tmp_path: Path
) -> None:
    gone = make_organization("Gone")
    shipper = Shipper(tmp_path, stop=Signal(), clock=lambda: AT)
    end_of(begin_of(gone, writer), writer)
    shipper.ship_once()
    schema.drop(gone.schema_name)
    end_of(begin_of(gone, writer), writer)
    ours = begin_of(acme, writer)
    end_of(ours, writer)
    shipper.ship_once()
    assert (shipper.status.inserted, shipper.status.quarantined) == (2, 1)
    assert outcomes(acme) == {ours.event_id: "success"}


def test_what_cannot_be_read_is_put_aside_and_the_rest_is_stored(
    acme: Organization, writer: SpoolWriter, ship: Callable[[], Shipper], tmp_path: Path
) -> None:
    ours = begin_of(acme, writer)
    end_of(ours, writer)
    too_large = begin_of(acme, writer)
    end_of(too_large, writer, request_bytes=2**63)
    status = ship().status
    assert (status.inserted, status.quarantined) == (1, 1)
    (kept,) = (tmp_path / "quarantine").glob("*/*.seg")
    ((_, head), (_, frame)) = positions(kept.read_bytes())
    assert (frame.kind, frame.event_id) == (Kind.END, too_large.event_id.bytes)


def test_content_and_refusals_go_with_their_organization(
    acme: Organization, writer: SpoolWriter, ship: Callable[[], Shipper]
) -> None:
    begin = begin_of(acme, writer)
    writer.content(begin.event_id, acme.pk, b"\x00sealed")
    end_of(begin, writer)
    old = make_begin(organization_id=acme.pk, started_at=AT - timedelta(days=401))
    writer.begin(old)
    end_of(old, writer)
    assert ship().status.refused == 1
    with tenant_scope(acme):
        assert sealed_content(begin.event_id) == b"\x00sealed"
        assert [refusal.event_id for refusal in refusals()] == [old.event_id]


class Outage:
    """Fails a number of times, then lets through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.times = times
        self.errors: list[str | None] = []
        self._store = storing.Storing.store
        monkeypatch.setattr(storing.Storing, "store", lambda *a, **k: self.store(*a, **k))

    def store(self, *args: object, **kwargs: object) -> object:
        if self.times:
            self.times -= 1
            raise OperationalError("the connection is closed")
        return self._store(*args, **kwargs)  # type: ignore[arg-type]  # passed on as given


@pytest.mark.django_db(transaction=True)  # it closes the connection
def test_an_outage_of_postgres_is_waited_for_and_said(
    acme: Organization, writer: SpoolWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_of(begin_of(acme, writer), writer)
    Outage(monkeypatch, times=2)
    stop = Signal()
    said: list[str | None] = []
    monkeypatch.setattr(stop, "wait", lambda _: said.append(_error(tmp_path)))
    shipper = Shipper(tmp_path, stop=stop)
    assert shipper.ship_once() == 1
    assert said == ["OperationalError", "OperationalError"]
    assert len(outcomes(acme)) == 1


@pytest.mark.django_db(transaction=True)  # it closes the connection
def test_a_schema_that_is_not_migrated_yet_is_waited_for(
    acme: Organization, writer: SpoolWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade: the shipper is newer than the tables that its events go to."""
    end_of(begin_of(acme, writer), writer)
    stop = Signal()
    monkeypatch.setattr(stop, "wait", lambda _: _rename(acme, "later", "batch_id"))
    _rename(acme, "batch_id", "later")
    assert Shipper(tmp_path, stop=stop).ship_once() == 1
    assert len(outcomes(acme)) == 1


def _rename(organization: Organization, column: str, name: str) -> None:
    table = f"{organization.schema_name}.usage_event"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO {name}")


def _error(spool: Path) -> str | None:
    status = read_status(spool)
    return status.error if status else None


@pytest.mark.django_db(transaction=True)  # it closes the connection
def test_asked_to_stop_during_an_outage_nothing_is_lost(
    acme: Organization,
    writer: SpoolWriter,
    ship: Callable[[], Shipper],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end_of(begin_of(acme, writer), writer)
    writer.close()
    outage = Outage(monkeypatch, times=10**9)
    stop = Signal()
    monkeypatch.setattr(stop, "wait", lambda _: stop.set())
    Shipper(tmp_path, stop=stop).run()
    assert outcomes(acme) == {}
    outage.times = 0
    assert ship().status.inserted == 1


def test_the_status_says_how_far_behind_it_is(
    acme: Organization, writer: SpoolWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_status(tmp_path) is None
    monkeypatch.setattr("apps.usage.shipping.shipper.BATCH_BYTES", 1)
    for _ in range(30):
        end_of(begin_of(acme, writer), writer)
    now = AT
    shipper = Shipper(tmp_path, stop=Signal(), clock=lambda: now)
    shipper.ship_once()
    now += timedelta(seconds=3)
    shipper.ship_once()
    status = read_status(tmp_path)
    assert status is not None
    assert (status.lag_seconds, status.lag_bytes > 0) == (3.0, True)
    assert age_seconds(status, at=AT + timedelta(seconds=4)) == 1.0
    while shipper.ship_once():
        pass
    now += timedelta(seconds=3)
    shipper.ship_once()
    caught_up = read_status(tmp_path)
    assert caught_up is not None
    assert (caught_up.lag_seconds, caught_up.lag_bytes, caught_up.inserted) == (0.0, 0, 30)


def test_damage_is_counted(
    acme: Organization, writer: SpoolWriter, ship: Callable[[], Shipper], tmp_path: Path
) -> None:
    end_of(begin_of(acme, writer), writer)
    writer.close()
    (path,) = tmp_path.glob("*/*.seg")
    at, begin = positions(path.read_bytes())[1]
    damage(path, at)
    status = ship().status
    assert (status.inserted, status.damaged_bytes) == (1, begin.size)


def test_a_second_shipper_waits_for_the_first(tmp_path: Path) -> None:
    stop = Signal()
    with only_shipper(tmp_path, stop=stop) as first:
        stop.set()
        with only_shipper(tmp_path, stop=stop) as second:
            assert (first, second) == (True, False)
    with only_shipper(tmp_path, stop=stop) as third:
        assert third


def test_the_command_ships_what_is_there(
    acme: Organization, writer: SpoolWriter, tmp_path: Path, settings: Settings
) -> None:
    settings.SPOOL_DIR = tmp_path
    end_of(begin_of(acme, writer), writer)
    call_command("ship", "--once", verbosity=0)
    assert len(outcomes(acme)) == 1
