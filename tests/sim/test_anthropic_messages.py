"""Anthropic's SDK parses messages, streams, tools, thinking and the model of its prompt cache."""

from typing import Literal

import anthropic
import pytest
from anthropic.types import MessageParam, TextBlockParam, ToolParam

from sim.tokens import count
from tests.simulator import RunningSimulator

HELLO: list[MessageParam] = [{"role": "user", "content": "Say hello."}]
MODEL = "claude-haiku-4-5"
WEATHER: ToolParam = {
    "name": "weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def marked(text: str, ttl: Literal["5m", "1h"] = "5m") -> TextBlockParam:
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": ttl}}


def test_a_message_counts_its_tokens(anthropic_client: anthropic.Anthropic) -> None:
    create = anthropic_client.messages.create
    answer = create(model=MODEL, max_tokens=500, messages=HELLO)
    counted = anthropic_client.messages.count_tokens(model=MODEL, messages=HELLO)
    assert [block.type for block in answer.content] == ["text"]
    assert (answer.model, answer.stop_reason) == ("claude-haiku-4-5-20251001", "end_turn")
    assert answer.content[0].type == "text"
    assert answer.usage.output_tokens == count(answer.content[0].text)
    assert answer.usage.input_tokens == counted.input_tokens
    assert counted.input_tokens == count("<user>") + count("Say hello.")


def test_a_stream_has_every_event_and_joins_to_the_message(
    anthropic_client: anthropic.Anthropic,
) -> None:
    plain = anthropic_client.messages.create(model=MODEL, max_tokens=500, messages=HELLO)
    with anthropic_client.messages.stream(model=MODEL, max_tokens=500, messages=HELLO) as stream:
        whole = stream.get_final_message()
    assert [b.text for b in whole.content if b.type == "text"] == [
        b.text for b in plain.content if b.type == "text"
    ]
    assert (whole.id, whole.stop_reason) == (plain.id, plain.stop_reason)
    assert whole.usage.output_tokens == plain.usage.output_tokens


def test_raw_events_come_in_order_and_usage_is_cumulative(
    anthropic_client: anthropic.Anthropic,
) -> None:
    events = list(
        anthropic_client.messages.create(model=MODEL, max_tokens=500, messages=HELLO, stream=True)
    )
    first, last = events[0], events[-2]
    assert first.type == "message_start"
    assert last.type == "message_delta"
    assert first.message.usage.output_tokens == 1
    assert last.usage.output_tokens > 1
    assert last.usage.input_tokens == first.message.usage.input_tokens
    assert events[-1].type == "message_stop"


def test_tools_are_called_and_results_answered(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.stream(
        model=MODEL, max_tokens=500, messages=HELLO, tools=[WEATHER]
    ) as stream:
        asked = stream.get_final_message()
    use = asked.content[0]
    assert use.type == "tool_use"
    assert use.input.keys() == {"city"}
    assert asked.stop_reason == "tool_use"
    reply: MessageParam = {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "12 degrees"}],
    }
    answer = anthropic_client.messages.create(
        model=MODEL,
        max_tokens=500,
        tools=[WEATHER],
        messages=[*HELLO, {"role": "assistant", "content": asked.content}, reply],
    )
    assert [block.type for block in answer.content] == ["text"]


def test_thinking_comes_first_and_is_signed(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.stream(
        model=MODEL,
        max_tokens=4000,
        messages=HELLO,
        thinking={"type": "enabled", "budget_tokens": 1024},
    ) as stream:
        answer = stream.get_final_message()
    thought, said = answer.content
    assert thought.type == "thinking"
    assert said.type == "text"
    assert len(thought.signature) == 64
    assert answer.usage.output_tokens == count(thought.thinking) + count(said.text)


def test_marks_write_and_read_the_cache(simulator: RunningSimulator) -> None:
    book, chapter = "abcd" * 2000, "efgh" * 500
    with anthropic.Anthropic(base_url=simulator.url, api_key="sk-ant-cache") as client:
        usages = [
            client.messages.create(
                model=MODEL,
                max_tokens=10,
                system=[marked(book, ttl="1h"), marked(chapter)],
                messages=[{"role": "user", "content": question}],
            ).usage.to_dict()
            for question in ("Who?", "When?")
        ]
    wanted = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert [tuple(usage[name] for name in wanted) for usage in usages] == [
        (3, 2500, 0),
        (4, 0, 2500),
    ]
    assert usages[0]["cache_creation"] == {
        "ephemeral_5m_input_tokens": 500,
        "ephemeral_1h_input_tokens": 2000,
    }


def test_a_fifth_mark_is_refused(anthropic_client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="maximum of 4 blocks"):
        anthropic_client.messages.create(
            model=MODEL,
            max_tokens=10,
            system=[marked(f"part {number}") for number in range(5)],
            messages=HELLO,
        )


@pytest.mark.parametrize(
    ("key", "model", "error"),
    [
        ("invalid", MODEL, anthropic.AuthenticationError),
        ("sk-ant", "gpt-4o", anthropic.NotFoundError),
    ],
)
def test_errors_are_the_sdks_own(
    simulator: RunningSimulator, key: str, model: str, error: type[anthropic.APIStatusError]
) -> None:
    with (
        anthropic.Anthropic(base_url=simulator.url, api_key=key, max_retries=0) as client,
        pytest.raises(error) as raised,
    ):
        client.messages.create(model=model, max_tokens=10, messages=HELLO)
    assert raised.value.request_id
    assert raised.value.body == {
        "type": "error",
        "request_id": raised.value.request_id,
        "error": raised.value.body["error"],  # type: ignore[index]
    }


def test_a_batch_has_a_result_for_each_request(anthropic_client: anthropic.Anthropic) -> None:
    batches = anthropic_client.messages.batches
    batch = batches.create(
        requests=[
            {"custom_id": "good", "params": {"model": MODEL, "max_tokens": 50, "messages": HELLO}},
            {"custom_id": "bad", "params": {"model": "gpt-4o", "max_tokens": 1, "messages": HELLO}},
        ]
    )
    done = batches.retrieve(batch.id)
    results = {line.custom_id: line.result for line in batches.results(batch.id)}
    assert done.processing_status == "ended"
    assert (done.request_counts.succeeded, done.request_counts.errored) == (1, 1)
    good, bad = results["good"], results["bad"]
    assert good.type == "succeeded"
    assert good.message.usage.service_tier == "batch"
    assert bad.type == "errored"
    assert bad.error.error.type == "not_found_error"


def test_a_slow_batch_can_be_cancelled(anthropic_client: anthropic.Anthropic) -> None:
    batches = anthropic_client.messages.batches
    batch = batches.create(
        requests=[
            {"custom_id": "one", "params": {"model": MODEL, "max_tokens": 50, "messages": HELLO}}
        ],
        extra_headers={"x-sim-batch-seconds": "3600"},
    )
    assert batches.retrieve(batch.id).processing_status == "in_progress"
    assert batches.cancel(batch.id).request_counts.canceled == 1
    assert [line.result.type for line in batches.results(batch.id)] == ["canceled"]
    assert batch.id in [found.id for found in batches.list()]


def test_models_are_listed_in_anthropics_form(anthropic_client: anthropic.Anthropic) -> None:
    models = list(anthropic_client.models.list())
    assert "claude-haiku-4-5-20251001" in [model.id for model in models]
    assert anthropic_client.models.retrieve(models[0].id) == models[0]
