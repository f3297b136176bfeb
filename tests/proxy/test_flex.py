"""The cheaper tier through a real gateway: asked where the caller can wait, and only so long."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from apps.attribution.access import Experiments
from apps.kernel.events import Event
from apps.optimization.access import LEVERS, Policies, PolicyTerms
from tests.gateways import RunningGateway, Tenant, running_gateway, tenant
from tests.proxy.test_assignment import period
from tests.simulator import RunningSimulator

KEY = "sim-key-1"


def policy(**levers: str) -> dict[str, Any]:
    said = dict.fromkeys(LEVERS, "off") | levers
    return {"policies": Policies(version=3, organization=PolicyTerms(levers=said)).to_dict()}


@pytest.fixture
def caller(simulator: RunningSimulator) -> Tenant:
    simulator.forget_calls()
    simulator.script(KEY)
    return tenant(1, simulator.url).having(parts=policy(tier="on"))


@pytest.fixture
def running(caller: Tenant) -> Iterator[RunningGateway]:
    with running_gateway(caller) as gateway:
        yield gateway


def body(**changes: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "When is the tide?"}]
    return {"model": "gpt-5-mini", "messages": messages} | changes


def ask(
    gateway: RunningGateway,
    deadline: str | None = "15m",
    *,
    path: str = "chat/completions",
    key: str = "",
    conversation: str = "c",
    **changes: Any,
) -> httpx.Response:
    headers = {
        "authorization": f"Bearer {key or gateway.key}",
        "netra-conversation": conversation,
    }
    if deadline is not None:
        headers["netra-deadline"] = deadline
    asked = body(**changes)
    if path == "responses":
        asked["input"] = asked.pop("messages")
    return httpx.post(f"{gateway.url}/v1/{path}", json=asked, headers=headers, timeout=30)


def tiers(simulator: RunningSimulator, count: int) -> list[str | None]:
    """What each call asked the provider for."""
    return [call.json.get("service_tier") for call in simulator.finished_calls(KEY, count=count)]


def decided(event: Event) -> list[tuple[str, str]]:
    return [(each.decision, each.reason) for each in event.decisions if each.lever == "tier"]


@pytest.mark.parametrize("path", ["chat/completions", "responses"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_a_call_that_may_wait_is_answered_for_half_of_the_price(
    running: RunningGateway, simulator: RunningSimulator, path: str, is_stream: bool
) -> None:
    answer = ask(running, path=path, stream=is_stream).raise_for_status()
    [event] = running.events()
    [sent] = simulator.finished_calls(KEY, count=1)
    assert sent.body.startswith(b'{"service_tier":"flex",')
    assert "netra-deadline" not in sent.headers
    assert "flex" in answer.text
    assert (event.tier, decided(event)) == ("flex", [("act", "flex")])
    paid = event.actual_usd or Decimal(0)
    assert (event.counterfactual_usd, event.decomposition) == (2 * paid, {"tier": paid})


def test_a_refusal_of_the_cheaper_tier_is_answered_by_the_ordinary_one(
    running: RunningGateway, simulator: RunningSimulator
) -> None:
    simulator.script(KEY, "no-flex", "no-flex")
    answers = [ask(running).raise_for_status() for _ in range(2)]
    first, second = running.events(2)
    assert [each.json()["service_tier"] for each in answers] == ["default"] * 2
    assert [attempt.status for attempt in first.attempts] == [429, 200]
    assert decided(first) == [("act", "flex"), ("none", "flex_refused")]
    assert (first.tier, first.decomposition) == ("standard", {})
    assert first.actual_usd == first.counterfactual_usd
    # It is left alone for a while, so that not every call pays for a refusal.
    assert decided(second) == [("none", "unavailable")]
    assert tiers(simulator, 3) == ["flex", None, None]


@pytest.mark.parametrize("fault", ["slow-first-byte=5", "stall-forever", "500", "400", "cut"])
def test_whatever_goes_wrong_with_the_cheaper_tier_the_ordinary_one_answers_in_time(
    running: RunningGateway, simulator: RunningSimulator, fault: str
) -> None:
    simulator.script(KEY, fault)
    answer = ask(running, deadline="2s").raise_for_status()
    [event] = running.events()
    assert answer.json()["service_tier"] == "default"
    assert [each.outcome for each in event.attempts] == ["error", "success"]
    assert event.outcome == "success"


def test_a_stream_that_nobody_begins_is_streamed_by_the_ordinary_tier(
    running: RunningGateway, simulator: RunningSimulator
) -> None:
    simulator.script(KEY, "slow-first-byte=5")
    answer = ask(running, deadline="2", stream=True).raise_for_status()
    [event] = running.events()
    assert answer.text.endswith("data: [DONE]\n\n")
    assert (event.tier, decided(event)[-1]) == ("standard", ("none", "flex_unanswered"))


@pytest.mark.parametrize(
    ("deadline", "changes"),
    [
        (None, {}),
        ("15m", {"service_tier": "auto"}),
        ("15m", {"service_tier": None}),
        ("15m", {"model": "gpt-4o-mini"}),
    ],
)
def test_without_a_deadline_or_a_cheaper_price_or_with_a_tier_of_the_callers_own_nothing_is_asked(
    running: RunningGateway,
    simulator: RunningSimulator,
    deadline: str | None,
    changes: dict[str, Any],
) -> None:
    ask(running, deadline=deadline, **changes).raise_for_status()
    [event] = running.events()
    assert simulator.finished_calls(KEY, count=1)[0].json == body(**changes)
    assert (event.decisions, event.is_triggered) == ((), False)


def test_a_shadow_and_those_held_out_decide_the_same_and_change_nothing(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    experiments = Experiments(periods=(period(holdout_percent=50),)).to_dict()
    tested = caller.having(parts=policy(tier="on") | {"experiments": experiments})
    watched = tenant(2, simulator.url).having(parts=policy(tier="shadow"))
    with running_gateway(tested, watched) as gateway:
        for number in range(20):
            ask(gateway, conversation=f"c-{number}").raise_for_status()
        ask(gateway, key=watched.key).raise_for_status()
        events = gateway.events(21)
    seen = {(each.arm, each.tier, *decided(each), each.is_triggered) for each in events}
    assert seen == {
        ("holdout", "standard", ("shadow", "flex"), True),
        ("treatment", "flex", ("act", "flex"), True),
        (None, "standard", ("shadow", "flex"), True),
    }


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_deadline_that_is_none_is_refused_in_the_shape_of_the_api(
    running: RunningGateway, path: str
) -> None:
    headers = {"authorization": f"Bearer {running.key}", "netra-deadline": "yesterday"}
    answer = httpx.post(running.url + path, json=body(max_tokens=5), headers=headers, timeout=30)
    assert (answer.status_code, answer.headers["netra-error-code"]) == (400, "invalid_netra_header")
    assert "Send one of these" in answer.json()["error"]["message"]


def test_what_the_tier_saved_is_the_difference_of_two_runs_with_and_without_it(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    idle = tenant(2, simulator.url).having(parts=policy())
    with running_gateway(caller, idle) as gateway:
        for each in (caller, idle):
            headers = {"authorization": f"Bearer {each.key}", "netra-deadline": "10m"}
            for number in range(4):
                asked = body(messages=[{"role": "user", "content": "Why? " * 700 * number or "Hi"}])
                url = f"{gateway.url}/v1/chat/completions"
                httpx.post(url, json=asked, headers=headers, timeout=30).raise_for_status()
        events = gateway.events(8)
    eased = [each for each in events if each.organization_id == caller.organization.id]
    plain = [each for each in events if each.organization_id == idle.organization.id]
    saved = sum((each.decomposition["tier"] for each in eased), Decimal(0))
    assert saved == spent(plain) - spent(eased) > 0


def spent(events: list[Event]) -> Decimal:
    return sum((event.actual_usd or Decimal(0) for event in events), Decimal(0))


def test_the_policy_says_how_long_calls_can_wait_that_do_not_say_so(caller: Tenant) -> None:
    levers = dict.fromkeys(map(str, LEVERS), "off") | {"tier": "on"}
    terms = PolicyTerms(levers=levers, deadline_s=300)
    parts = {"policies": Policies(organization=terms).to_dict()}
    with running_gateway(caller.having(parts=parts)) as gateway:
        ask(gateway, deadline=None).raise_for_status()
        assert gateway.events()[0].tier == "flex"
