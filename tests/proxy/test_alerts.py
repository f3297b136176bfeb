"""What a budget has to tell leaves the gateway with the event of a call, once."""

import time
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import httpx

from apps.kernel.events import Alert
from apps.tenants.access import Limit
from tests.gateways import RunningGateway, running_gateway, tenant
from tests.simulator import RunningSimulator

ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}


def call(gateway: RunningGateway, key: str) -> int:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=ASKED, headers=headers).status_code


def tiny_budget(organization_id: UUID) -> Limit:
    """Spent several times over by any call."""
    return Limit(
        id=uuid4(),
        subject="organization",
        subject_id=organization_id,
        kind="budget_usd",
        amount=Decimal("0.000001"),
        window="total",
        alert_fractions=(Decimal("0.5"), Decimal(1)),
        is_hard=False,
    )


def test_an_alert_rides_in_the_next_event_of_its_organization(
    simulator: RunningSimulator,
) -> None:
    budget = tiny_budget(UUID(int=1))
    ours = tenant(1, simulator.url, limits=(budget,))
    theirs = tenant(2, simulator.url)
    with running_gateway(ours, theirs) as gateway:
        told: list[Alert] = []
        for _ in range(40):
            assert [call(gateway, each.key) for each in (ours, theirs)] == [200, 200]
            events = gateway.events(2)
            assert [event.alerts for event in events if event.organization_id.int == 2] == [()]
            told += [alert for event in events for alert in event.alerts]
            gateway.forget_events()
            if told:
                break
            time.sleep(0.1)  # the limiter tells and is told twice a second
        spent = told[0].spent_usd
        assert told == [
            Alert(budget.id, fraction, "total", budget.amount, spent)
            for fraction in budget.alert_fractions
        ]
        assert call(gateway, ours.key) == 200
        assert [event.alerts for event in gateway.events(1)] == [()]


def test_a_refused_call_carries_news_too(simulator: RunningSimulator) -> None:
    budget = replace(tiny_budget(UUID(int=1)), is_hard=True, spent_usd=Decimal(1))
    ours = tenant(1, simulator.url, limits=(budget,))
    with running_gateway(ours) as gateway:
        assert {call(gateway, ours.key) for _ in range(3)} == {429}
        told = [alert.fraction for event in gateway.events(3) for alert in event.alerts]
    assert told == [Decimal("0.5"), Decimal(1)]
