"""Calls that are answered later, at the gateway: promised only once they are written down."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from apps.attribution.access import Experiments
from apps.kernel.events import decode
from apps.optimization.access import LEVERS, Policies, PolicyTerms
from apps.optimization.deadlines.deferral import REQUEST, Deferral
from apps.tenants.vault import binding, new_data_key, unseal
from apps.usage.spool import Kind
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.proxy.test_assignment import period
from tests.simulator import RunningSimulator

DATA_KEY = new_data_key()
CANARY = "canary-of-the-tide"
ANTHROPIC = {"model": "claude-sonnet-4-5", "max_tokens": 5}


def policy(**levers: str) -> dict[str, Any]:
    said = dict.fromkeys(LEVERS, "off") | levers
    return {"policies": Policies(organization=PolicyTerms(levers=said)).to_dict()}


@pytest.fixture
def caller(simulator: RunningSimulator) -> Tenant:
    simulator.forget_calls()
    return tenant(1, simulator.url).having(parts=policy(tier="on"), data_key=DATA_KEY)


@pytest.fixture
def running(caller: Tenant) -> Iterator[RunningGateway]:
    with running_gateway(caller) as gateway:
        yield gateway


def body(**changes: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": CANARY}]
    return {"model": "gpt-4o-mini", "messages": messages} | changes


def ask(
    gateway: RunningGateway,
    asked: dict[str, Any] | None = None,
    path: str = "/v1/chat/completions",
    /,
    **headers: Any,
) -> httpx.Response:
    said = {
        "authorization": f"Bearer {gateway.key}",
        "netra-deadline": "2h",
        "prefer": "wait=5, Respond-Async",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in said.items() if value is not None}
    url = gateway.url + path
    return httpx.post(url, json=asked or body(), headers=sent, timeout=30).raise_for_status()


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/chat/completions", body()),
        ("/v1/responses", {"model": "gpt-4o-mini", "input": CANARY}),
        ("/v1/messages", body(**ANTHROPIC)),
    ],
)
def test_a_call_that_can_wait_is_promised_an_answer_and_lies_sealed_in_the_spool(
    running: RunningGateway, simulator: RunningSimulator, path: str, asked: dict[str, Any]
) -> None:
    answer = ask(running, asked, path, anthropic_version="2023-06-01", netra_tags="team=a")
    [record] = running.deferred()
    deferral = Deferral.decoded(record.payload)
    event = decode(deferral.event.encode())
    location = f"/api/v1/deferred-calls/{answer.headers['netra-request-id']}"
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
    assert (answer.headers["location"], answer.json()["status_url"]) == (location, location)
    assert (answer.json()["id"], answer.json()["status"]) == (str(event.event_id), "waiting")
    assert "netra-cost-usd" not in answer.headers
    assert (record.kind, record.event_id) == (Kind.DEFERRED, event.event_id.bytes)
    assert deferral.due_at == event.started_at + timedelta(hours=2)
    assert (event.kind, event.tags, event.actual_usd) == ("batch", {"team": "a"}, None)
    assert [(each.decision, each.reason) for each in event.decisions] == [("act", "batch")]
    bound_to = binding(event.organization_id, REQUEST)
    assert orjson.loads(unseal(DATA_KEY, deferral.sealed, bound_to=bound_to)) == asked
    assert deferral.headers == {"anthropic-version": "2023-06-01"}
    assert simulator.calls() == []
    assert all(CANARY.encode() not in path.read_bytes() for path in running.spool_files())
    assert (running.event_count, running.spool.state.open_count) == (0, 0)


@pytest.mark.parametrize(
    ("asked", "headers"),
    [
        (body(), {"prefer": None}),
        (body(), {"netra_deadline": None}),
        (body(), {"netra_deadline": "15m"}),
        (body(stream=True), {}),
        (body(service_tier="default"), {}),
        (body(model="gpt-6-unlisted"), {}),
        (body(), {"netra_bypass": "true"}),
    ],
)
def test_whoever_cannot_wait_or_does_not_ask_for_it_is_answered_at_once(
    running: RunningGateway, asked: dict[str, Any], headers: dict[str, str | None]
) -> None:
    assert ask(running, asked, **headers).status_code == 200
    assert running.events()[0].kind == "live"
    assert running.deferred() == []


def test_a_disk_that_does_not_take_the_call_has_it_answered_at_once(
    running: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.spool, "defer", lambda *_: False)
    assert ask(running).status_code == 200
    [event] = running.events()
    assert (event.outcome, event.decisions, event.decomposition) == ("success", (), {})


def test_those_held_out_and_shadows_decide_the_same_and_are_answered_at_once(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    experiments = Experiments(periods=(period(holdout_percent=50),)).to_dict()
    tested = caller.having(parts=policy(tier="on") | {"experiments": experiments})
    shadow = tenant(2, simulator.url).having(parts=policy(tier="shadow"), data_key=DATA_KEY)
    with running_gateway(tested, shadow) as gateway:
        for number in range(20):
            ask(gateway, netra_conversation=f"c-{number}")
        ask(gateway, authorization=f"Bearer {shadow.key}")
        put_off = [
            decode(Deferral.decoded(each.payload).event.encode()) for each in gateway.deferred()
        ]
        events = gateway.events(21 - len(put_off))
    seen = {
        (each.arm, each.kind, each.decisions[-1].decision, each.decisions[-1].reason)
        for each in (*put_off, *events)
    }
    assert seen == {
        ("holdout", "live", "shadow", "batch"),
        ("treatment", "batch", "act", "batch"),
        (None, "live", "shadow", "batch"),
    }
    assert {each.features["expected_nanos"] for each in put_off} == {
        each.features["expected_nanos"] for each in events if each.arm
    }
