"""Gateways and the shipper are killed at random moments: every call that reached a gateway has
exactly one record, and those that were cut are marked.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import httpx
import pytest

from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.credentials import set_platform_credential
from apps.usage.selectors import events
from netra.launch.ports import pick_free
from tests.databases import ROOT
from tests.factories import make_api_key, make_organization
from tests.simulator import RunningSimulator
from tests.usage.calls import AT

CALLERS = 6
# The simulator remembers the last 5,000 calls.
SEEN_AT_ONCE = 1500
SUCCESS, INTERRUPTED = "success", "interrupted"


@dataclass
class Process:
    """A program of ours that can be killed and comes back."""

    command: list[str]
    environment: dict[str, str]
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.running = subprocess.Popen(
            [sys.executable, *self.command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()

    def restart(self) -> None:
        self.kill()
        self.start()


@dataclass
class World:
    """Two gateways, a shipper, two organizations, and callers that never rest."""

    folder: Path
    simulator: RunningSimulator
    random: Random
    keys: dict[Organization, str] = field(default_factory=dict)
    gateways: list[Process] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    answered: set[int] = field(default_factory=set)
    reached: set[int] = field(default_factory=set)
    looked_at: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        for _ in range(2):
            organization = make_organization("Acme")
            set_platform_credential(
                organization=organization, provider="openai", name="simulator",
                secret="sim-kills", base_url=self.simulator.url, at=AT,
            )  # fmt: skip
            self.keys[organization] = make_api_key(organization).text.value
        environment = os.environ | {
            "NETRA_SPOOL_DIR": str(self.folder / "spool"),
            "NETRA_SNAPSHOT_DIR": str(self.folder / "snapshot"),
        }
        for _ in range(2):
            self.ports.append(pick_free(self.ports))
            command = ["-m", "netra.serving", "--port", str(self.ports[-1])]
            self.gateways.append(Process(command, environment))
        self.shipper = Process(["manage.py", "ship"], environment)

    def rampage(self, *, kills: int, calls: int) -> None:
        """Call all the time, and kill something each time that a share of `calls` was answered."""
        for process in (*self.gateways, self.shipper):
            process.start()
        self._wait_for_gateways()
        callers = [threading.Thread(target=self._call_on, args=(n,)) for n in range(CALLERS)]
        for caller in callers:
            caller.start()
        for kill in range(kills):
            self._wait_for_calls(calls * (kill + self.random.random()) / kills)
            self.random.choice([*self.gateways, *self.gateways, self.shipper]).restart()
        self._wait_for_calls(calls)
        self.is_over.set()
        for caller in callers:
            caller.join()

    def settle(self) -> None:
        """Everything is killed; a last shipper finds what is left."""
        self.look()
        for process in (*self.gateways, self.shipper):
            process.kill()
        once = Process([*self.shipper.command, "--once"], self.shipper.environment)
        once.start()
        assert once.running
        assert once.running.wait(timeout=180) == 0

    def look(self) -> None:
        """Note which calls have reached the provider."""
        for call in self.simulator.calls("sim-kills"):
            self.reached.add(int(call.json["messages"][0]["content"]))

    def rows(self) -> dict[int, str]:
        """Number → outcome of every call on record; each once, each with its own organization."""
        found: Counter[int] = Counter()
        outcomes: dict[int, str] = {}
        for organization, key in self.keys.items():
            with tenant_scope(organization):
                rows = events().values_list("tags", "outcome", "is_estimated")
                for tags, outcome, is_estimated in rows:
                    assert tags["canary"] == key[-8:]
                    assert (outcome == INTERRUPTED) <= is_estimated
                    found[int(tags["n"])] += 1
                    outcomes[int(tags["n"])] = outcome
        assert {number for number, times in found.items() if times > 1} == set()
        return outcomes

    def _wait_for_gateways(self) -> None:
        deadline = time.monotonic() + 120
        for port in self.ports:
            while not _is_ready(port):
                assert time.monotonic() < deadline, "a gateway did not start"
                time.sleep(0.1)

    def _wait_for_calls(self, count: float) -> None:
        deadline = time.monotonic() + 120
        while len(self.answered) < count:
            assert time.monotonic() < deadline, "calls are answered no more"
            time.sleep(0.05)
        if len(self.answered) - self.looked_at > SEEN_AT_ONCE:
            self.looked_at = len(self.answered)
            self.look()

    def _call_on(self, caller: int) -> None:
        with httpx.Client(timeout=10) as client:
            while not self.is_over.is_set():
                number = next(self.numbers)
                try:
                    self._call(client, number, is_stream=number % 2 == 0)
                except (httpx.HTTPError, ConnectionError):
                    time.sleep(0.02)

    def _call(self, client: httpx.Client, number: int, *, is_stream: bool) -> None:
        key = list(self.keys.values())[number % 2]
        port = self.ports[number // 2 % 2]
        answer = client.post(
            f"http://127.0.0.1:{port}/v1/chat/completions",
            json={
                "model": "gpt-4o-mini",
                "max_tokens": 20,
                "stream": is_stream,
                "messages": [{"role": "user", "content": str(number)}],
            },
            headers={
                "authorization": f"Bearer {key}",
                "netra-tags": f"n={number},canary={key[-8:]}",
                "x-sim-latency-ms": "10",
            },
        )
        assert answer.status_code == 200
        self.answered.add(number)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def check(world: World) -> int:
    """Hold the tables against what callers and provider saw; returns how many calls there were."""
    outcomes = world.rows()
    assert world.reached - set(outcomes) == set()
    assert {outcomes[number] for number in world.answered} == {SUCCESS}
    cut = {number for number, outcome in outcomes.items() if outcome == INTERRUPTED}
    assert cut.isdisjoint(world.answered)
    assert set(outcomes.values()) <= {SUCCESS, INTERRUPTED}
    assert list((world.folder / "spool").glob("*/*.seg")) == []
    return len(outcomes)


@pytest.fixture
def world(tmp_path: Path, transactional_db: None, simulator: RunningSimulator) -> Iterator[World]:
    made = World(tmp_path, simulator, Random(20261121))  # noqa: S311  (reproducible)
    yield made
    made.is_over.set()
    for process in (*made.gateways, made.shipper):
        process.kill()


def test_every_call_that_reached_a_gateway_has_one_record(world: World) -> None:
    world.rampage(kills=4, calls=100)
    world.settle()
    assert check(world) >= 100


@pytest.mark.long
def test_twenty_thousand_calls_survive_fifty_kills(world: World) -> None:
    world.rampage(kills=50, calls=20_000)
    world.settle()
    assert check(world) >= 20_000
