"""What the loader outlives: a lost connection, Postgres away, a bad file."""

from pathlib import Path

import pytest

from apps.kernel.clock import utc_now
from apps.tenants.models import ApiKey
from tests.factories import make_api_key, make_credential, make_organization
from tests.proxy.loading import Postgres, Start, eventually, knows, learns

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_killed_listener_comes_back_and_misses_nothing(start: Start, postgres: Postgres) -> None:
    acme = make_organization()
    loader = start(poll=600.0)
    for number in range(3):
        postgres.throw_out("netra-gateway-listener")
        key = make_api_key(acme, name=f"Key {number}").api_key
        learns(loader, key.digest)
    eventually(lambda: loader.state.is_listening)


def test_the_last_snapshot_goes_on_while_postgres_is_away(start: Start, postgres: Postgres) -> None:
    acme = make_organization()
    key = make_api_key(acme).api_key
    loader = start()
    postgres.take_away()
    eventually(lambda: not loader.state.is_listening)
    eventually(lambda: loader.state.age_s > 0.5)
    assert knows(loader, key.digest)
    assert loader.state.source == "database"
    postgres.bring_back()
    late = make_api_key(acme, name="Late").api_key
    learns(loader, late.digest)
    assert loader.state.is_listening


def test_a_process_that_starts_without_postgres_reads_the_disk(
    start: Start, postgres: Postgres
) -> None:
    acme = make_organization()
    key = make_api_key(acme).api_key
    make_credential(acme, secret="sk-of-the-snapshot")
    first = start()
    first.stop()
    postgres.take_away()
    second = start()
    assert (second.state.source, second.state.is_listening) == ("disk", False)
    assert second.current.version == first.current.version
    assert second.current.shards == first.current.shards
    assert knows(second, key.digest)
    postgres.bring_back()
    eventually(lambda: second.state.source == "database")
    assert second.current.version == first.current.version


def test_without_postgres_and_disk_nobody_is_known_and_the_state_says_so(
    start: Start, postgres: Postgres
) -> None:
    postgres.take_away()
    loader = start()
    assert (loader.state.source, loader.state.version, loader.known) == ("none", 0, None)


def test_a_tampered_file_is_passed_over(start: Start, postgres: Postgres, folder: Path) -> None:
    make_api_key(make_organization())
    start().stop()
    path = folder / "gateway.snapshot"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    postgres.take_away()
    assert start().state.source == "none"


def test_a_disk_that_takes_nothing_stops_nobody(start: Start, folder: Path) -> None:
    folder.parent.joinpath("snapshot").write_text("a file where the folder should be")
    key = make_api_key(make_organization()).api_key
    loader = start()
    assert knows(loader, key.digest)


def test_uses_that_cannot_be_reported_hurt_nobody(start: Start, postgres: Postgres) -> None:
    key = make_api_key(make_organization()).api_key
    loader = start()
    postgres.take_away()
    loader.mark_used(key.pk, utc_now())
    eventually(lambda: not loader.state.is_listening)
    loader.stop()
    postgres.bring_back()
    assert ApiKey.objects.get().last_used_at is None
