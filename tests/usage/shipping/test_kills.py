"""Everything is killed at random moments; each call that began has exactly one row."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import events
from apps.usage.services.checking import check_usage
from tests.databases import ROOT
from tests.factories import make_organization, make_project
from tests.launch.projects import eventually
from tests.usage.shipping.own_postgres import own_postgres

DISCONNECT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query ILIKE '%%usage%%' AND pid <> pg_backend_pid()
"""


@dataclass
class World:
    """Callers, a shipper, and two organizations."""

    folder: Path
    organizations: list[Organization]
    random: Random
    callers: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    shipper: "subprocess.Popen[bytes] | None" = None
    started: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"NETRA_SPOOL_DIR": str(self.folder / "spool")}

    def call(self) -> None:
        self.started += 1
        ids = [str(organization.pk) for organization in self.organizations]
        command = [sys.executable, "-m", "tests.usage.shipping.caller"]
        places = [str(self.folder / "spool"), str(self.folder / f"list-{self.started}")]
        self.callers.append(
            subprocess.Popen([*command, *places, str(self.started), *ids], cwd=ROOT)
        )

    def ship(self, *options: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "ship", *options]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def kill_caller(self) -> None:
        if self.callers:
            end(self.callers.pop(0))
        self.call()

    def kill_shipper(self) -> None:
        if self.shipper:
            end(self.shipper)
        self.shipper = self.ship()

    def disconnect(self) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(DISCONNECT)

    def rampage(self, kills: int, pause_seconds: float, calls: int = 0) -> None:
        """calls: how many there are by the last kill, however slow the machine is."""
        self.kill_shipper()
        self.call()
        for kill in range(1, kills + 1):
            time.sleep(self.random.random() * pause_seconds)
            eventually(partial(self.has_called, calls * kill // kills))
            deeds = [self.kill_caller] * 3 + [self.kill_shipper] + [self.disconnect] * 2
            self.random.choice(deeds)()

    def settle(self) -> None:
        """The callers go as well, and a last shipper finds all that is left."""
        for process in [*self.callers, *([self.shipper] if self.shipper else [])]:
            end(process)
        assert self.ship("--once").wait(timeout=120) == 0

    def has_called(self, times: int) -> bool:
        return len(self.listed("kept begin ")) >= times

    def listed(self, prefix: str) -> set[UUID]:
        lines = [
            line for path in self.folder.glob("list-*") for line in path.read_text().splitlines()
        ]
        return {UUID(line.removeprefix(prefix)) for line in lines if line.startswith(prefix)}


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def check(world: World) -> int:
    """Hold the tables against the lists; returns how many calls there were."""
    outcomes: dict[UUID, str] = {}
    for organization in world.organizations:
        with tenant_scope(organization):
            for event_id, outcome, canary in events().values_list("id", "outcome", "end_user"):
                assert event_id not in outcomes
                assert canary == f"canary of {organization.pk}"
                outcomes[event_id] = outcome
            assert check_usage(organization=organization, months=2, at=utc_now()) == []
    begun, ended = world.listed("kept begin "), world.listed("kept end ")
    assert begun - set(outcomes) == set()
    assert set(outcomes) - world.listed("begin ") == set()
    assert {outcomes[call] for call in ended} == {"success"}
    cut = [call for call, outcome in outcomes.items() if outcome == "interrupted"]
    assert set(cut) == set(outcomes) - {
        c for c, outcome in outcomes.items() if outcome == "success"
    }
    assert set(cut).isdisjoint(ended)
    assert {outcomes[call] for call in begun - world.listed("end ")} == {"interrupted"}
    assert list((world.folder / "spool").glob("*/*.seg")) == []
    return len(outcomes)


def make_world(tmp_path: Path) -> World:
    organizations = [make_organization("Acme") for _ in range(2)]
    for organization in organizations:
        make_project(organization, "The same name")
    return World(tmp_path, organizations, Random(20260301))  # noqa: S311  (reproducible)


@pytest.fixture
def world(tmp_path: Path, transactional_db: None) -> World:
    return make_world(tmp_path)


def test_no_call_is_lost_or_counted_twice(world: World) -> None:
    world.rampage(kills=12, pause_seconds=0.6, calls=60)
    world.settle()
    assert check(world) > 50


@pytest.mark.long
def test_no_call_is_lost_or_counted_twice_in_many_kills(world: World) -> None:
    for _ in range(3):
        world.call()
    world.rampage(kills=150, pause_seconds=1.5)
    world.settle()
    assert check(world) > 20_000


@pytest.mark.long
def test_nothing_is_lost_when_postgres_itself_is_killed(
    tmp_path: Path, transactional_db: None
) -> None:
    with own_postgres(tmp_path / "postgres") as postgres:
        world = make_world(tmp_path)
        for _ in range(2):
            world.rampage(kills=5, pause_seconds=1.5)
            postgres.kill()
            time.sleep(3)
            postgres.kill()
        world.settle()
        connection.close()  # it was opened before the last kill
        assert check(world) > 200
