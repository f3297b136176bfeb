"""Tools' results and tools in fewer tokens, where certified, and always the same way again."""

import json
from typing import Any

import httpx
import orjson
import pytest

from apps.attribution.access import Experiments
from apps.kernel.events import Decision, Event
from apps.optimization.certificates import Certificate
from tests.comparing import compared
from tests.gateways import RunningGateway, Tenant, quick_settings, running_gateway, tenant
from tests.proxy.certified import certificate, levered, recomputed
from tests.proxy.test_assignment import period
from tests.simulator import RunningSimulator

ON = {"compression": "on"}
TABLE = [{"flight": f"HAT{n:03}", "seats": n, "price": n * 3} for n in range(40)]
RESULT = json.dumps(TABLE, indent=4)
REPEAT = "Same as the result above of call t0."


def messages(turns: int, result: str = RESULT) -> list[dict[str, Any]]:
    """A conversation whose calls of a tool were all answered alike."""
    said: list[dict[str, Any]] = [{"role": "user", "content": "Which flights are there?"}]
    for n in range(turns):
        call = {"type": "tool_use", "id": f"t{n}", "name": "search", "input": {"n": n}}
        answer = {"type": "tool_result", "tool_use_id": f"t{n}", "content": result}
        said += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [answer]}]
    return said


def body(turns: int, **changes: Any) -> dict[str, Any]:
    known = {"model": "claude-sonnet-4-5", "max_tokens": 60, "messages": messages(turns)}
    return known | changes


def ask(gateway: RunningGateway, conversation: str, asked: dict[str, Any]) -> httpx.Response:
    headers = {"x-api-key": gateway.key, "netra-conversation": conversation}
    content = orjson.dumps(asked, option=orjson.OPT_INDENT_2)
    url = f"{gateway.url}/v1/messages"
    return httpx.post(url, content=content, headers=headers, timeout=30).raise_for_status()


def certificates(known: Tenant, *kinds: str) -> list[Certificate]:
    return [certificate(known, "compression", kind) for kind in kinds]


def decisions(event: Event) -> list[tuple[str, str, str | None]]:
    found: list[Decision] = [each for each in event.decisions if each.lever == "compression"]
    return [(each.decision, each.reason, each.namespace) for each in found]


def result_texts(asked: dict[str, Any]) -> list[str]:
    blocks = [m["content"][0] for m in asked["messages"] if isinstance(m["content"], list)]
    return [each["content"] for each in blocks if each["type"] == "tool_result"]


def conversation_of(gateway: RunningGateway, asked: dict[str, Any], reason: str) -> str:
    """One whose first call is decided so; which are sampled follows from the data key."""
    for number in range(100):
        ask(gateway, f"c-{number}", asked)
        event = gateway.events()[-1]
        gateway.forget_events()
        if reason in {each[1] for each in decisions(event)}:
            return f"c-{number}"
    raise AssertionError(f"None of 100 conversations is {reason}.")


@pytest.fixture
def caller(simulator: RunningSimulator) -> Tenant:
    simulator.forget_calls()
    return tenant(1, simulator.url)


def test_what_is_new_goes_out_shorter_and_the_same_way_again(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    known = levered(caller, ON, *certificates(caller, "toon", "repeat"))
    other = levered(tenant(2, simulator.url), ON)
    with running_gateway(known, other) as gateway:
        acting = conversation_of(gateway, body(1), "shortened")
        gateway.tenants = [levered(known, ON)]  # withdrawn
        ask(gateway, acting, body(2))
        gateway.tenants = [known]
        for turns in (3, 4):
            ask(gateway, acting, body(turns))
        events = gateway.events(3)
        gateway.tenants = [other]
        ask(gateway, acting, body(4))
    *bodies, theirs = [call.body for call in simulator.calls()[-5:]]
    toon, *_ = result_texts(orjson.loads(bodies[0]))
    assert len(toon) < len(RESULT) / 3
    assert result_texts(orjson.loads(bodies[-1])) == [toon, RESULT, REPEAT, REPEAT]
    raw = orjson.dumps(body(4), option=orjson.OPT_INDENT_2)
    assert theirs == raw
    text, short, again = (orjson.dumps(each) for each in (RESULT, toon, REPEAT))
    first, second, third, fourth, end = raw.split(text)
    assert bodies[-1] == first + short + second + text + third + again + fourth + again + end
    assert [decisions(event)[0] for event in events] == [
        ("act", "again", None),
        ("act", "shortened", "repeat"),
        ("act", "shortened", "repeat"),
    ]
    assert_sums(events)


def assert_sums(events: list[Event]) -> None:
    for event in events:
        saved = event.decomposition["compression"]
        assert saved == (event.counterfactual_usd or 0) - (event.actual_usd or 0) > 0


def test_without_a_certificate_nothing_changes_and_what_would_is_offered(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    with running_gateway(levered(caller, ON)) as gateway:
        for number in range(60):
            ask(gateway, f"c-{number}", body(2))
        events = gateway.events(60)
        found = compared(gateway, 1)
    raw = orjson.dumps(body(2), option=orjson.OPT_INDENT_2)
    assert {call.body for call in simulator.calls()} == {raw}
    kinds = ["json", "repeat", "toon"]
    assert decisions(events[0]) == [("shadow", "uncertified", kind) for kind in kinds]
    assert {each.namespace for each in found} <= set(kinds)
    assert {each.probability for each in found} == {0.1 / 3}
    for each in found:
        assert each.alternative
        asked = each.alternative["body"]
        assert result_texts(asked) != result_texts(body(2))
        assert asked | {"messages": messages(2)} == body(2)
    assert [event.decomposition for event in events] == [{}] * 60


def test_both_arms_decide_alike_and_those_held_out_are_sent_byte_for_byte(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    parts = {"experiments": Experiments((period(),)).to_dict()}
    known = levered(caller, ON, *certificates(caller, "toon", "json", "repeat"), parts=parts)
    with running_gateway(known) as gateway:
        for number in range(40):
            ask(gateway, f"c-{number}", body(1))
        events = gateway.events(40)
    reasons = {event.arm: {each[1:] for each in decisions(event)} for event in events}
    assert reasons["holdout"] | reasons["treatment"] <= {("shortened", "toon"), ("sampled", "toon")}
    raw = orjson.dumps(body(1), option=orjson.OPT_INDENT_2)
    untouched = [call.body == raw for call in simulator.calls()]
    acted = [decisions(event)[0][0] == "act" for event in events]
    assert untouched == [not each for each in acted]
    assert {e.arm for e, has_acted in zip(events, acted, strict=True) if has_acted} == {"treatment"}
    assert [len(event.untouched) for event in events] == [int(each) for each in acted]
    treated = [event for event in events if event.untouched]
    assert [recomputed(e) for e in treated] == [e.counterfactual_usd for e in treated]
    assert [e.is_triggered for e in events] == [decisions(e)[0][1] == "shortened" for e in events]


TOOLS = [
    {"name": name, "description": does, "input_schema": {"type": "object", "properties": {}}}
    for name, does in (
        ("get_weather", "The weather forecast of a city"),
        ("search", "Search flights between two airports"),
        ("play_music", "Plays a song"),
        ("book_hotel", "Books a room of a hotel"),
        ("send_mail", "Sends a letter"),
        ("convert", "Converts amounts of money between currencies"),
    )
]


def test_tools_are_chosen_once_for_a_conversation_and_named_ones_join(
    caller: Tenant, simulator: RunningSimulator
) -> None:
    known = levered(caller, ON, *certificates(caller, "tools"))
    with running_gateway(known) as gateway:
        acting = conversation_of(gateway, body(0, tools=TOOLS), "shortened")
        ask(gateway, acting, body(2, tools=TOOLS))
        must = {"type": "tool", "name": "send_mail"}
        ask(gateway, acting, body(2, tools=TOOLS, tool_choice=must))
        ask(gateway, "begun-elsewhere", body(2, tools=TOOLS))
        marked = [*TOOLS[:5], TOOLS[5] | {"cache_control": {"type": "ephemeral"}}]
        ask(gateway, "marked", body(0, tools=marked))
        events = gateway.events(4)
    sent = [call.json["tools"] for call in simulator.calls()[-5:]]
    assert len(sent[0]) == 3
    assert TOOLS[1] in sent[0]
    assert sent[1] == sent[0]
    assert sent[2] == [each for each in TOOLS if each in sent[0] or each["name"] == "send_mail"]
    assert sent[3:] == [TOOLS, marked]
    assert_sums(events[:2])
    assert [event.decomposition for event in events[2:]] == [{}, {}]


@pytest.mark.parametrize("why", ["slow", "twice", "unknown"])
def test_a_call_that_cannot_be_shortened_is_sent_byte_for_byte(
    caller: Tenant, simulator: RunningSimulator, why: str
) -> None:
    known = levered(caller, ON, *certificates(caller, "toon", "tools"))
    settings = quick_settings(lever_seconds=0.0 if why == "slow" else 5.0)
    raw = orjson.dumps(body(1))
    if why == "twice":
        raw = raw.replace(b'"messages":', b'"messages":[],"messages":')
    headers = {"x-api-key": "", "netra-end-user": "u"}
    with running_gateway(known, settings=settings) as gateway:
        headers["x-api-key"] = gateway.key
        for number in range(20):
            named = {} if why == "unknown" else {"netra-conversation": f"c-{number}"}
            url = f"{gateway.url}/v1/messages"
            httpx.post(url, content=raw, headers=headers | named, timeout=30).raise_for_status()
    assert {call.body for call in simulator.calls()} == {raw}
