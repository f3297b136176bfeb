"""An organization that puts calls off, its gateway, its provider, and a clock of its worker."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from django.conf import settings as configured
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.kernel.events import Event
from apps.optimization.access import LEVERS, PolicyTerms
from apps.optimization.deadlines.selectors import DeferredCall, deferred_call
from apps.optimization.deadlines.services import accept_deferred, open_result
from apps.optimization.services import set_policy
from apps.proxy.batching.advancing import advance
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.passes import pass_key
from apps.tenants.permissions import KEY_SCOPES
from apps.usage.selectors import event
from sim.exchange import new_world
from sim.world import Habits
from tests import factories
from tests.gateways import RunningGateway, quick_settings, running_gateway
from tests.proxy.test_levers import known_to_gateways
from tests.simulator import RunningSimulator, running_simulator

CHAT = "/v1/chat/completions"
PROVIDER_KEY = "sim-acme"


@dataclass
class Clock:
    """now: of the worker; ahead of the machine's by what a test let pass."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def pass_by(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass
class House:
    """acme puts calls off; globex must never see them."""

    acme: Organization
    globex: Organization
    key: str
    gateway: RunningGateway
    simulator: RunningSimulator
    clock: Clock = field(default_factory=Clock)
    _stored: int = 0

    def ask(self, text: str = "Hi", path: str = CHAT, **changes: Any) -> UUID:
        """Put one call off, and ship it; its id."""
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]} | changes
        deadline = body.pop("deadline", "2h")
        headers = {
            "authorization": f"Bearer {self.key}",
            "netra-deadline": str(deadline),
            "prefer": "respond-async",
        }
        answer = httpx.post(self.gateway.url + path, json=body, headers=headers, timeout=30)
        assert answer.status_code == 202, answer.text
        self.ship()
        return UUID(answer.json()["id"])

    def ship(self) -> None:
        records = self.gateway.deferred()
        payloads = [(UUID(bytes=each.event_id), each.payload) for each in records[self._stored :]]
        accept_deferred(organization=self.acme, payloads=payloads, at=self.clock())
        self._stored = len(records)

    def advance(self, **span: float) -> None:
        """One round of the worker, after so much time."""
        self.clock.pass_by(**span)
        with tenant_scope(self.acme):
            advance(organization=self.acme, clock=self.clock)

    def call(self, call_id: UUID) -> DeferredCall:
        with tenant_scope(self.acme):
            return deferred_call(call_id)

    def result(self, call_id: UUID) -> Any:
        with tenant_scope(self.acme):
            body = open_result(self.acme, deferred_call(call_id), at=self.clock())
        return None if body is None else orjson.loads(body)

    def event(self, call_id: UUID) -> Any:
        with tenant_scope(self.acme):
            return event(call_id)

    def carried(self) -> list[Event]:
        """The records of what brought calls to the provider."""
        return self.gateway.events(0) if not self.gateway.event_count else self.gateway.events()

    def asked(self) -> list[str]:
        """What reached the provider, by method and path."""
        return [f"{each.method} {each.path}" for each in self.simulator.calls(PROVIDER_KEY)]


@pytest.fixture
def provider() -> Iterator[RunningSimulator]:
    """Whose batches take ten minutes of its clock, which stands still by itself."""
    world = new_world(Habits(batch_seconds=600.0, is_caching=False), clock=lambda: world.now)  # type: ignore[attr-defined]
    world.now = 0.0  # type: ignore[attr-defined]
    with running_simulator(world) as running:
        yield running


@pytest.fixture
def house(db: None, provider: RunningSimulator, settings: Settings) -> Iterator[House]:
    acme, globex = factories.make_organization("Acme"), factories.make_organization("Globex")
    for name in ("openai", "anthropic"):
        factories.make_credential(acme, provider=name, secret=PROVIDER_KEY)
    key = factories.make_api_key(acme, KEY_SCOPES).text.value
    with tenant_scope(acme):
        terms = PolicyTerms(
            levers={lever: "off" for lever in LEVERS if lever != "tier"} | {"tier": "on"}
        )
        set_policy(organization=acme, terms=terms, set_by="test", at=utc_now())
    keys = configured.KEY_ENCRYPTION_KEYS.keys.values()
    chosen = quick_settings(pass_keys=tuple(map(pass_key, keys)))
    known = known_to_gateways(acme, key, provider)
    with running_gateway(known, settings=chosen) as gateway:
        settings.WORKER_GATEWAY_URL = gateway.url
        yield House(acme, globex, key, gateway, provider)
