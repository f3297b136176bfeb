"""Arms through a real gateway: those held out are carried untouched, and the record says so."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from apps.attribution.access import Experiments, PeriodAccess
from apps.attribution.assignment import arm_of
from apps.kernel.events import Event
from apps.optimization.access import Policies, PolicyTerms
from apps.tenants.vault import new_data_key
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.simulator import RunningSimulator

UNSAID = Policies()
SALT = b"s" * 32
BODY = {
    "model": "gpt-4o-mini",
    "temperature": 0,
    "messages": [{"role": "user", "content": "Hello"}],
}


def period(**changes: Any) -> PeriodAccess:
    now = datetime.now(UTC)
    known: dict[str, Any] = {
        "id": UUID(int=70),
        "experiment_id": UUID(int=71),
        "project_id": None,
        "starts_at": now - timedelta(hours=1),
        "ends_at": now + timedelta(hours=1),
        "holdout_percent": 20,
        "ramp_percent": 100,
        "salt": SALT,
    }
    return PeriodAccess(**known | changes)


def trying(base: Tenant, *periods: PeriodAccess, policies: Policies = UNSAID) -> Tenant:
    parts = {"experiments": Experiments(periods).to_dict(), "policies": policies.to_dict()}
    return base.having(parts=parts, data_key=new_data_key())


def ask(gateway: RunningGateway, conversation: str, **headers: str) -> httpx.Response:
    named = {"authorization": f"Bearer {gateway.key}", "netra-conversation": conversation}
    url = f"{gateway.url}/v1/chat/completions"
    return httpx.post(url, json=BODY, headers=named | headers, timeout=30).raise_for_status()


def first_of(events: list[Event], arm: str) -> Event:
    return next(event for event in events if event.arm == arm)


def treated_events(events: list[Event]) -> list[Event]:
    return [event for event in events if event.arm == "treatment"]


def test_those_held_out_neither_read_what_is_kept_nor_add_to_it(
    simulator: RunningSimulator,
) -> None:
    with running_gateway(trying(tenant(1, simulator.url), period())) as gateway:
        found = [ask(gateway, f"c-{n}").headers.get("netra-cache") for n in range(40)]
        events = gateway.events(40)
    held_out = [event.arm == "holdout" for event in events]
    assert 1 <= sum(held_out) <= 20
    assert [each is None for each in found] == held_out
    treated = [each for each in found if each]
    assert treated == ["miss", *["hit"] * (len(treated) - 1)]
    shadowed, treated_event = first_of(events, "holdout"), first_of(events, "treatment")
    assert [(each.decision, each.reason) for each in shadowed.decisions] == [("shadow", "eligible")]
    assert (shadowed.is_triggered, treated_event.is_triggered) == (True, True)
    assert shadowed.counterfactual_usd == shadowed.actual_usd
    assert (shadowed.propensity, treated_event.propensity) == (0.8, 0.8)
    [asked_again] = treated_events(events)[-1].untouched
    assert (asked_again.provider, asked_again.buckets, asked_again.tier) == (
        "openai",
        shadowed.buckets,
        "standard",
    )
    assert shadowed.untouched == ()
    assert len({event.features["expected_nanos"] for event in events}) == 1
    assert int(shadowed.features["expected_nanos"]) > 0
    assert (shadowed.experiment_id, shadowed.period_id) == (UUID(int=71), UUID(int=70))


def test_the_arm_can_be_computed_from_the_record_and_the_salt(simulator: RunningSimulator) -> None:
    running = period()
    with running_gateway(trying(tenant(1, simulator.url), running)) as gateway:
        for number in range(10):
            ask(gateway, f"c-{number}", **{"netra-bypass": "true"} if number % 2 else {})
        events = gateway.events(10)
    for number, event in enumerate(events):
        assert event.arm == arm_of(
            event.unit or "",
            salt=SALT,
            organization_id=event.organization_id,
            experiment_id=running.experiment_id,
            holdout_percent=running.holdout_percent,
        )
        assert event.features["is_bypassed"] == number % 2
        assert all(each.decision != "act" for each in event.decisions) or not number % 2


def test_who_is_outside_the_traffic_has_no_arm_and_no_lever(simulator: RunningSimulator) -> None:
    base = tenant(1, simulator.url)
    for periods, policies in (
        ((period(ramp_percent=0),), Policies()),
        ((period(),), Policies(organization=PolicyTerms(traffic_percent=0))),
        ((), Policies(organization=PolicyTerms(traffic_percent=0))),
    ):
        with running_gateway(trying(base, *periods, policies=policies)) as gateway:
            assert [ask(gateway, "c").headers.get("netra-cache") for _ in range(2)] == [None] * 2
            events = gateway.events(2)
        assert [(each.arm, each.experiment_id, each.propensity) for each in events] == [
            (None,) * 3
        ] * 2


def test_a_conversation_stays_in_the_period_of_its_first_call(simulator: RunningSimulator) -> None:
    old = period()
    new = period(id=UUID(int=80), salt=b"t" * 32, starts_at=datetime.now(UTC))
    over = period(ends_at=datetime.now(UTC))
    base = tenant(1, simulator.url)
    with running_gateway(trying(base, old)) as gateway:
        ask(gateway, "before")
        gateway.tenants = [Tenant(trying(base, over, new).organization, base.access, base.key)]
        ask(gateway, "before")
        ask(gateway, "after")
        first, second, third = gateway.events(3)
    assert (first.period_id, second.period_id, third.period_id) == (old.id, old.id, new.id)
    assert first.arm == second.arm


def test_what_cannot_be_read_turns_every_lever_off(simulator: RunningSimulator) -> None:
    broken = tenant(1, simulator.url).having(
        parts={"policies": {"version": 1, "by_key": 7}}, data_key=new_data_key()
    )
    with running_gateway(broken) as gateway:
        assert [ask(gateway, "c").headers.get("netra-cache") for _ in range(2)] == [None] * 2


def test_a_call_that_continues_an_answer_belongs_to_its_conversation(
    simulator: RunningSimulator,
) -> None:
    other = trying(tenant(2, simulator.url), period())
    with running_gateway(trying(tenant(1, simulator.url), period()), other) as gateway:

        def respond(key: str, **more: str) -> str:
            body = {"model": "gpt-4o-mini", "input": "Go on."} | more
            headers = {"authorization": f"Bearer {key}"}
            url = f"{gateway.url}/v1/responses"
            # The other organization is refused: the answer is none of theirs.
            return str(httpx.post(url, json=body, headers=headers, timeout=30).json().get("id"))

        first = respond(gateway.key, instructions="Be kind.")
        second = respond(gateway.key, previous_response_id=first)
        respond(gateway.key, previous_response_id=second)
        respond(other.key, previous_response_id=first)
        units = [event.unit for event in gateway.events(4)]
    assert len(set(units[:3])) == 1
    assert units[3] != units[0]
