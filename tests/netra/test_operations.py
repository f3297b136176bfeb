"""Probes tell the truth, also while what they ask about is down."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from apps.kernel.clock import utc_now
from apps.tenants.permissions import Access
from apps.usage.spool.status import ShipperStatus, write_status
from netra.operations.views import PROBES

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def without_postgres(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port where nobody listens."""
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", 1)


def reports(client: Client) -> tuple[int, str, dict[str, Any]]:
    response = client.get("/readyz")
    body = response.json()
    return response.status_code, body["status"], body["dependencies"]


def test_alive_is_answered_without_any_query(client: Client) -> None:
    response = client.get("/healthz", headers={"cookie": "sessionid=abc"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_load_balancer_asks_by_address(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "10.9.8.7"}).status_code == 200


@pytest.mark.django_db
def test_ready_names_each_dependency_with_its_time(client: Client) -> None:
    status, state, found = reports(client)
    assert (status, state) == (200, "ok")
    assert sorted(found) == ["cache", "migrations", "postgres", "redis"]
    assert {report["status"] for report in found.values()} == {"ok"}
    assert all(report["latency_ms"] > 0 for report in found.values())


def test_postgres_down_is_503_and_says_so(client: Client, without_postgres: None) -> None:
    status, state, found = reports(client)
    assert (status, state) == (503, "error")
    assert found["postgres"]["status"] == "error"
    assert found["postgres"]["error"] == "OperationalError"
    assert found["redis"]["status"] == "ok"


def test_redis_down_is_503(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = NOWHERE
    status, state, found = reports(client)
    assert (status, state, found["redis"]["error"]) == (503, "error", "ConnectionError")


@pytest.mark.django_db
def test_the_cache_down_is_slow_and_not_down(client: Client, settings: Settings) -> None:
    settings.CACHE_URL = NOWHERE
    status, state, found = reports(client)
    assert (status, state, found["cache"]["status"]) == (200, "degraded", "error")


@pytest.mark.usefixtures("django_db_setup")  # the database that is asked must be the tests' own
def test_a_migration_not_applied_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "netra.operations.dependencies.migrations_on_disk",
        lambda: frozenset({("tenants", "0999_future")}),
    )
    status, _, found = reports(client)
    assert status == 503
    assert found["migrations"]["error"] == (
        "1 not applied, first tenants.0999_future: run ./apex manage migrate_all"
    )


@pytest.mark.parametrize("path", PROBES)
def test_each_probe_declares_that_it_asks_for_no_login(path: str) -> None:
    assert PROBES[path].declared_access is Access.ANYONE  # type: ignore[attr-defined]  # set by open_to_anyone


def scrape(**request: Any) -> int:
    return PROBES["/metrics"](RequestFactory().get("/metrics", **request)).status_code


def test_metrics_are_for_this_machine_unless_a_token_is_set() -> None:
    assert scrape(REMOTE_ADDR="127.0.0.1") == 200
    assert scrape(REMOTE_ADDR="::1") == 200
    assert scrape(REMOTE_ADDR="10.0.0.5") == 401
    assert scrape(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "10.0.0.5"}) == 401


def test_metrics_with_a_token_are_for_its_bearer(settings: Settings) -> None:
    settings.METRICS_TOKEN = "s3cret"
    assert scrape(REMOTE_ADDR="127.0.0.1") == 401
    assert scrape(REMOTE_ADDR="10.0.0.5", headers={"authorization": "Bearer wrong"}) == 401
    assert scrape(REMOTE_ADDR="10.0.0.5", headers={"authorization": "Bearer s3cret"}) == 200


@pytest.mark.django_db
def test_metrics_say_how_far_the_shipper_is_behind(settings: Settings, tmp_path: Path) -> None:
    settings.SPOOL_DIR = tmp_path
    assert "netra_shipper" not in _metrics()
    write_status(tmp_path, ShipperStatus(utc_now().isoformat(), lag_seconds=2.5, lag_bytes=7))
    text = _metrics()
    assert "netra_shipper_lag_seconds 2.5" in text
    assert "netra_shipper_lag_bytes 7.0" in text


def _metrics() -> str:
    request = RequestFactory().get("/metrics", REMOTE_ADDR="127.0.0.1")
    return PROBES["/metrics"](request).content.decode()
