"""The demo from its first call to its table, with our own set, a gateway and a simulator."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.attribution.audit.netra_verify import verify
from apps.kernel.clock import utc_now
from apps.kernel.money import shown_usd
from apps.notices.kinds import Kind
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.demo import DEMO_EMAIL
from apps.usage.selectors import events
from apps.usage.services.ingestion import ingest_events
from demo import proving
from demo.carriers import REFERENCE
from demo.journal import Carried, read_calls
from demo.organizations import SHORTEST, demo_user, period_end
from demo.report import Result
from demo.running import Places, begin, carry, results
from demo.simulator import Simulator
from demo.state import Run, journal_path, read_run
from demo.traffic import Traffic, traffic
from tests import factories
from tests.api.callers import by_session
from tests.gateways import RunningGateway, Tenant, running_gateway
from tests.proxy.test_levers import known_to_gateways
from tests.simulator import RunningSimulator, running_simulator

CALLS = 60


@dataclass
class Demo:
    """A run that has begun, what it replays, and where."""

    run: Run
    traffic: Traffic
    places: Places
    gateway: RunningGateway

    def carry(self) -> bool:
        return carry(self.run, self.traffic, self.places, speed=None)

    def calls(self) -> list[Carried]:
        return read_calls(journal_path(self.places.folder, self.run))

    def ship(self) -> None:
        """What the shipper does: each organization's events into its request log."""
        names = (*(each.name for each in self.run.customers),)
        told = self.gateway.events(sum(call.who in names for call in self.calls()))
        for organization in organizations(self.run):
            own = [event for event in told if event.organization_id == organization.pk]
            ingest_events(organization=organization, events=own, at=utc_now())


def organizations(run: Run) -> list[Organization]:
    return [Organization.objects.get(pk=each.organization_id) for each in run.customers]


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    monkeypatch.setenv("NETRA_DATA_DIR", str(tmp_path / "absent"))
    monkeypatch.setattr(proving, "PIECES", 2)  # so few conversations teach nothing anyway
    factories.make_user(DEMO_EMAIL)
    with running_simulator() as simulator:
        places = Places("", simulator.url, tmp_path / "demo")
        run = begin(CALLS, places)
        wanted = traffic(CALLS)
        loaded = Simulator(simulator.url)
        loaded.load(each.conversation for each in wanted.arriving)
        loaded.close()
        with running_gateway(*tenants(run, simulator)) as gateway:
            yield Demo(run, wanted, replace(places, gateway_url=gateway.url), gateway)


def tenants(run: Run, simulator: RunningSimulator) -> list[Tenant]:
    return [
        known_to_gateways(organization, customer.key, simulator)
        for organization, customer in zip(organizations(run), run.customers, strict=True)
    ]


def look_where_it_says(result: Result) -> None:
    """As whoever logs in: one archive on the page, by API and in the folder, which their verifier
    takes; one set of figures on the page, by API and in the file.
    """
    organization = Organization.objects.get(pk=result.customer.organization_id)
    client = Client()
    client.force_login(demo_user())
    home, api = f"/o/{organization.slug}", by_session(demo_user(), organization)
    known = result.proven
    archive = known.archive.read_bytes()

    statement = f"{home}/proof/statements/{known.statement_id}"
    assert content(client.get(f"{statement}/archive.zip")) == archive
    assert content(api("GET", f"/statements/{known.statement_id}/archive")) == archive
    findings, [stated] = verify(io.BytesIO(archive), known.public_key)
    assert (findings.shown, stated["units"]) == ([], known.units)

    spend = api("GET", "/value").json()["now"]["spend"]
    file = io.StringIO(content(client.get(f"{home}/value/figures.csv")).decode())
    lines = [each for each in csv.DictReader(file) if each["part"] in ("spend", "proven")]
    filed = {each["figure"]: each["value"] for each in lines}
    estimated = Decimal(filed["saved_estimated"])
    assert Decimal(spend["estimated_usd"]) == estimated == result.ledger.saved
    assert Decimal(spend["actual_usd"]) == Decimal(filed["actual"])
    assert Decimal(spend["unpriced_requests"]) == Decimal(filed["requests_without_a_price"]) == 0
    assert Decimal(filed["saved_proven"]) == known.proven
    page = client.get(f"{home}/value/").content.decode()
    assert f">{shown_usd(Decimal(filed['actual']))}<" in page
    [mailed] = organization.notices.filter(kind=Kind.HEAD_SIGNED)
    assert [each["size"] for each in mailed.payload["heads"]] == [known.units]


def content(response: Any) -> bytes:
    return bytes(response.getvalue())


def by_name(found: list[Result]) -> dict[str, Result]:
    return {each.customer.name: each for each in found}


@pytest.mark.django_db
def test_the_true_saving_of_each_policy_is_what_its_ledger_says_and_no_more_is_proven(
    demo: Demo,
) -> None:
    assert demo.carry()
    demo.ship()
    found = results(demo.run.ended(utc_now()), demo.places)
    for each in found:
        assert (each.truth.calls, each.truth.errors) == (CALLS, 0)
        assert each.proven.proven <= max(each.truth.saved, Decimal(0))
        assert each.is_good
        assert each.off == 0
        assert each.ledger.saved == each.truth.saved
        assert each.truth.same == each.truth.reference_same == 1
        look_where_it_says(each)
    named = by_name(found)
    # Who is held out is drawn anew each time: not both will have had hardly anybody treated.
    assert max(named[name].ledger.saved for name in ("all", "unchanged")) > 0
    assert named["shadow"].truth.saved_on_calls == 0
    assert len({each.truth.without for each in found}) == 1


def test_a_period_ends_with_a_day_that_leaves_the_run_its_time() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert period_end(midnight - timedelta(hours=5)) == midnight
    assert period_end(midnight - SHORTEST) == midnight + timedelta(days=1)
    assert period_end(midnight) == midnight + timedelta(days=1)


@pytest.mark.django_db
def test_a_run_that_was_stopped_goes_on_where_it_was(demo: Demo) -> None:
    half = replace(demo.traffic, arriving=demo.traffic.arriving[:10])
    carry(demo.run, half, demo.places, speed=None)
    before = demo.calls()
    assert read_run(demo.places.folder) == demo.run
    with journal_path(demo.places.folder, demo.run).open("a") as file:
        file.write('{"who": "all", "conv')  # killed while it wrote
    assert demo.carry()
    after = demo.calls()
    assert after[: len(before)] == before
    assert len(after) == len({(c.who, c.conversation, c.turn) for c in after}) == 4 * CALLS
    assert {call.who for call in after} == {REFERENCE, "all", "unchanged", "shadow"}
    demo.ship()
    for organization in organizations(demo.run):
        with tenant_scope(organization):
            assert events().count() == CALLS
