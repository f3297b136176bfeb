"""What gateways put off, through the shipper: into the tables of its organization, once."""

from pathlib import Path
from threading import Event as Signal
from uuid import UUID

import pytest

from apps.kernel.events import decode
from apps.kernel.ids import uuid7
from apps.optimization.deadlines.deferral import Deferral
from apps.optimization.deadlines.selectors import deferred_calls
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import events
from apps.usage.shipping import Shipper
from apps.usage.shipping.shipper import OFFSETS
from apps.usage.spool import SpoolWriter
from tests.deferring import make_deferral
from tests.factories import make_organization
from tests.usage.spool.records import make_begin

pytestmark = pytest.mark.django_db


def ship(spool: Path) -> Shipper:
    shipper = Shipper(spool, stop=Signal())
    while shipper.ship_once():
        pass
    return shipper


def put_off(writer: SpoolWriter, organization: Organization) -> UUID:
    call_id, payload = make_deferral(organization)
    at = decode(Deferral.decoded(payload).event.encode()).started_at
    writer.begin(make_begin(event_id=call_id, started_at=at, organization_id=organization.pk))
    assert writer.defer(call_id, organization.pk, payload)
    return call_id


def test_each_organization_gets_its_own_once_however_often_they_are_shipped(
    tmp_path: Path,
) -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    writer = SpoolWriter(tmp_path, "gateway-0")
    first, foreign = put_off(writer, acme), put_off(writer, globex)
    ship(tmp_path)
    (tmp_path / OFFSETS).unlink()  # whoever begins again reads it all again
    second = put_off(writer, acme)
    ship(tmp_path)
    for organization, ids in ((acme, {first, second}), (globex, {foreign})):
        with tenant_scope(organization):
            assert {row.pk for row in deferred_calls()} == ids
            assert {row.state for row in deferred_calls()} == {"waiting"}
            assert events().count() == 0  # nothing is recorded before it is answered
    writer.close()


def test_what_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    acme = make_organization("Acme")
    writer = SpoolWriter(tmp_path, "gateway-0")
    writer.defer(uuid7(), acme.pk, b"no deferral")
    writer.defer(uuid7(), acme.pk, b'{"due_at": "2026-03-01T00:00:00+00:00"}')
    good = put_off(writer, acme)
    assert ship(tmp_path).status.quarantined == 2
    with tenant_scope(acme):
        assert [row.pk for row in deferred_calls()] == [good]
    writer.close()
