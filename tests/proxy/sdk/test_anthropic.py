"""The official anthropic SDK at the gateway: every answer is the provider's own, byte for byte."""

from collections.abc import Iterator
from typing import Any

import anthropic
import orjson
import pytest

from tests.gateways import RunningGateway
from tests.proxy.sdk.conftest import Anthropics
from tests.proxy.sdk.twins import Twins
from tests.simulator import RunningSimulator

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAA"
HELLO: list[Any] = [{"role": "user", "content": "hello, wörld"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOLS: list[Any] = [{"name": name, "input_schema": SCHEMA} for name in ("weather", "tides")]
Pair = Twins[anthropic.Anthropic]


@pytest.fixture(scope="module")
def twins(gateway: RunningGateway, simulator: RunningSimulator) -> Iterator[Pair]:
    made = Twins(
        lambda url, key, http: anthropic.Anthropic(base_url=url, api_key=key, http_client=http),
        direct=(simulator.url, "sim-key-1"),
        ours=(gateway.url, gateway.key),
        client=anthropic.DefaultHttpxClient,
    )
    yield made
    made.close()


def ask(client: anthropic.Anthropic, **options: Any) -> Any:
    fixed = {"model": "claude-haiku-4-5", "max_tokens": 300, "messages": HELLO}
    create: Any = client.messages.create
    return create(**(fixed | options))


def test_messages(twins: Pair) -> None:
    answer = twins.both(lambda c: ask(c, system="Be short.", metadata={"user_id": "u-1"}))
    assert answer.stop_reason == "end_turn"


def test_messages_stream_every_event(twins: Pair) -> None:
    kinds = [event.type for event in twins.both(lambda c: list(ask(c, stream=True)))]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    assert "content_block_delta" in kinds


def test_tools_stream_their_arguments_in_parallel(twins: Pair) -> None:
    def stream(client: anthropic.Anthropic) -> Any:
        with client.messages.stream(
            model="claude-haiku-4-5", max_tokens=300, messages=HELLO, tools=TOOLS
        ) as events:
            kinds = [event.type for event in events]
            return kinds, events.get_final_message()

    kinds, message = twins.both(stream)
    calls = [block for block in message.content if block.type == "tool_use"]
    assert [call.name for call in calls] == ["weather", "tides"]
    assert kinds.count("input_json") > 2


def test_tools_take_results(twins: Pair) -> None:
    def twice(client: anthropic.Anthropic) -> Any:
        first = ask(client, tools=TOOLS)
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "12 °C"}
            for block in first.content
            if block.type == "tool_use"
        ]
        said = {"role": "assistant", "content": first.model_dump()["content"]}
        messages = [*HELLO, said, {"role": "user", "content": results}]
        return ask(client, tools=TOOLS, messages=messages)

    assert twins.both(twice).content[0].text


@pytest.mark.parametrize("is_stream", [False, True])
def test_thinking(twins: Pair, is_stream: bool) -> None:
    def think(client: anthropic.Anthropic) -> Any:
        answer = ask(
            client,
            model="claude-sonnet-5-5",
            max_tokens=2000,
            extra_body={"thinking": {"type": "enabled", "budget_tokens": 1024}},
            stream=is_stream,
        )
        return list(answer) if is_stream else answer

    assert "thinking" in str(twins.both(think))


def test_vision(twins: Pair) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    twins.both(lambda c: ask(c, messages=[{"role": "user", "content": content}]))


def test_count_tokens(twins: Pair) -> None:
    counted = twins.both(
        lambda c: c.messages.count_tokens(model="claude-haiku-4-5", messages=HELLO)
    )
    assert counted.input_tokens > 0


def test_batches(twins: Pair) -> None:
    params: Any = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": HELLO}

    def work(client: anthropic.Anthropic) -> Any:
        made = client.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
        found = client.messages.batches.retrieve(made.id)
        # The SDK's own `results` follows results_url, which is the provider's and not ours.
        results = client.get(f"/v1/messages/batches/{made.id}/results", cast_to=str)
        return found.processing_status, orjson.loads(results)["custom_id"]

    assert twins.both(work) == ("ended", "a")


def test_models(twins: Pair) -> None:
    assert twins.both(lambda c: c.models.list().data)


def test_what_the_prompt_cache_wrote_and_read_is_recorded_apart(
    gateway: RunningGateway, to_anthropic: Anthropics
) -> None:
    client = to_anthropic()
    gateway.forget_events()
    marked = {"type": "text", "text": "canon " * 2000, "cache_control": {"type": "ephemeral"}}
    usages = [ask(client, system=[marked]).usage for _ in range(2)]
    written, read = [event.buckets for event in gateway.events(2)]
    assert usages[0].cache_creation_input_tokens == written.cache_write_5m > 1024
    assert usages[1].cache_read_input_tokens == read.cache_read == written.cache_write_5m
    assert (written.cache_read, read.cache_write_5m) == (0, 0)
    assert [usage.input_tokens for usage in usages] == [
        written.input_uncached,
        read.input_uncached,
    ]


BETAS = "context-1m-2025-08-07,made-up-2030-01-01"


def test_versions_and_betas_go_upstream(
    to_anthropic: Anthropics, simulator: RunningSimulator
) -> None:
    simulator.forget_calls()
    client = to_anthropic(default_headers={"anthropic-beta": BETAS})
    ask(client)
    [call] = simulator.finished_calls(count=1)
    assert call.headers["anthropic-version"] == client.default_headers["anthropic-version"]
    assert call.headers["anthropic-beta"] == BETAS
    assert call.headers["x-api-key"] == "sim-key-1"
    assert "authorization" not in call.headers


def test_a_bearer_token_is_as_good_as_a_key(
    gateway: RunningGateway, to_anthropic: Anthropics
) -> None:
    assert ask(to_anthropic(api_key=None, auth_token=gateway.key)).content
