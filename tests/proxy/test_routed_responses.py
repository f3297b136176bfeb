"""OpenAI's responses go to cheaper models by the same certificates as chats."""

from typing import Any

import pytest

from tests.gateways import Tenant, running_gateway, tenant
from tests.proxy.certified import levered, unsampled
from tests.proxy.test_routing import CHEAP, ON, STRONG, ask, assert_saved, chat, decided, gains
from tests.simulator import RunningSimulator


@pytest.fixture
def caller(simulator: RunningSimulator) -> Tenant:
    return tenant(1, simulator.url)


def response(turns: int = 1, **changes: Any) -> dict[str, Any]:
    said = chat(turns)["messages"]
    body = {"model": STRONG, "instructions": "Be terse.", "input": said, "store": False}
    return body | changes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("act", "routed")),
        ({"stream": True}, ("act", "routed")),
        ({"input": "Why are there tides?"}, ("act", "routed")),
        ({"include": ["message.output_text.logprobs"]}, ("none", "lacks_other")),
        ({"tools": [{"type": "web_search"}]}, ("none", "lacks_other")),
    ],
)
def test_responses_are_routed_where_all_of_the_question_stands_in_the_call(
    caller: Tenant, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    known = levered(unsampled(caller, "new"), ON, gains(caller), models=(CHEAP,))
    with running_gateway(known) as gateway:
        answer = ask(gateway, "new", response(**changes), path="/v1/responses")
        [event] = gateway.events()
    assert decided(event) == expected
    is_routed = expected == ("act", "routed")
    assert answer.headers.get("netra-model") == (CHEAP if is_routed else None)
    assert event.requested_model == STRONG
    if is_routed:
        assert_saved(event)
