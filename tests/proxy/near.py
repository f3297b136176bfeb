"""Tenants that give answers to near questions, and what they ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from apps.kernel.events import Decision
from apps.kernel.ids import uuid7
from apps.optimization import certificates
from apps.optimization.access import PART, Policies, PolicyTerms
from apps.optimization.certificates import Certificate, Certificates
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, Tenant, running_gateway
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator

LEVERS = ("near_exact", "semantic")
STATUS = {"near_exact": "near-exact", "semantic": "semantic"}
BOUND = Decimal("0.01")
CANARY = "canary-vermilion-77"
FIRST = f"How do I change the delivery address of my order {CANARY}?"
AGAIN = {
    "near_exact": f"Hello, how do I change the delivery address of orders {CANARY}",
    "semantic": f"How can I change the delivery address for my order {CANARY}?",
}
RULES = {"role": "system", "content": "Answer in one line."}


def reusing(base: Tenant, lever: str, state: str = "on", **terms: Any) -> Tenant:
    """A tenant with one lever of near questions; the exact cache is on, as by default."""
    said = PolicyTerms(levers={lever: state}, quality_bound=BOUND, **terms)
    parts = {PART: Policies(organization=said).to_dict()}
    return base.having(data_key=base.organization.data_key or new_data_key(), parts=parts)


def certifying(base: Tenant, lever: str, namespace: str, **changes: Any) -> Tenant:
    """The tenant, once the lever is certified there; `evicted` may be given, too."""
    evicted = frozenset(changes.pop("evicted", ()))
    facts: dict[str, Any] = {
        "id": uuid7(),
        "lever": lever,
        "project_id": base.project_id,
        "namespace": namespace,
        "threshold": 0.3,
        "bound": BOUND,
        "expires_at": datetime.now(UTC) + timedelta(hours=1),
    }
    known = Certificates((Certificate(**facts | changes),), evicted)
    parts = {**base.organization.parts, certificates.PART: known.to_dict()}
    return base.having(parts=parts)


@contextmanager
def serving(
    simulator: RunningSimulator, *tenants: Tenant, lever: str, **options: Any
) -> Iterator[RunningGateway]:
    """A gateway that knows them and has loaded what finds near questions."""
    with running_gateway(*tenants, **options) as gateway:
        if lever == "semantic":
            ask(gateway, "Is anybody there?", model="gpt-4o")
            eventually(lambda: gateway.runtime.similar.found is not None, seconds=30)
            gateway.events(1)
        gateway.forget_events()
        simulator.forget_calls()
        yield gateway


def user(text: str) -> dict[str, str]:
    """A turn."""
    return {"role": "user", "content": text}


def ask(
    gateway: RunningGateway, text: str, *, key: str = "", headers: Any = None, **changes: Any
) -> httpx.Response:
    """A chat completion; what it leaves behind is kept by the time that this returns."""
    said = {"model": "gpt-4o-mini", "temperature": 0, "messages": [RULES, user(text)]} | changes
    own = {"authorization": f"Bearer {key or gateway.key}"} | (headers or {})
    found = httpx.post(
        f"{gateway.url}/v1/chat/completions", json=said, headers=own, timeout=30
    ).raise_for_status()
    eventually(lambda: not gateway.runtime.tasks, seconds=10)
    return found


def kept(gateway: RunningGateway, count: int) -> None:
    """Wait until so many questions can be found by their meaning."""
    found = gateway.runtime.similar.found
    assert found is not None
    # A row is counted a moment before its map may be read again.
    eventually(lambda: len(found) >= count and not found._tasks, seconds=10)


def decisions(gateway: RunningGateway, lever: str, count: int) -> list[Decision]:
    """What the lever decided on the calls so far, oldest first."""
    events = gateway.events(count)
    return [each for event in events for each in event.decisions if each.lever == lever]
