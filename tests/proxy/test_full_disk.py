"""A full disk: calls go on, the gateway says so, and nothing is lost once there is room again."""

import errno
import os
from collections.abc import Iterator

import httpx
import pytest

from tests.gateways import RunningGateway, running_gateway, tenant
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator


@pytest.fixture
def gateway(simulator: RunningSimulator) -> Iterator[RunningGateway]:
    with running_gateway(tenant(1, simulator.url)) as running:
        yield running


def ask(gateway: RunningGateway) -> int:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    headers = {"authorization": f"Bearer {gateway.key}"}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers).status_code


def no_room(*_args: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def written_down(gateway: RunningGateway) -> bool:
    gateway.spool.sync()  # which leaves a full disk alone for a moment
    return gateway.spool.state.is_durable


def test_it_serves_on_and_says_so(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", no_room)
        full.setattr(os, "posix_fallocate", no_room)
        assert [ask(gateway) for _ in range(3)] == [200, 200, 200]
        report = httpx.get(f"{gateway.url}/readyz")
        assert (report.status_code, report.json()["status"]) == (200, "degraded")
        assert not report.json()["records"]["is_durable"]
        assert gateway.event_count == 0
    eventually(lambda: written_down(gateway))
    assert [event.outcome for event in gateway.events(3)] == ["success"] * 3
    assert httpx.get(f"{gateway.url}/readyz").json()["status"] == "ok"
