"""A caller that leaves, at any moment: the provider is told, and the call is settled."""

import asyncio
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from apps.kernel.events import Event
from tests.gateways import RunningGateway
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
SLOW = {"x-sim-token-ms": "40"}


@pytest.fixture(autouse=True)
def fresh(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    gateway.forget_events()


def cancelled(gateway: RunningGateway, simulator: RunningSimulator) -> Event:
    """The event of the one call, which the provider saw end early."""
    [call] = simulator.finished_calls(count=1)
    assert call.is_disconnected
    [event] = gateway.events()
    assert (event.outcome, event.is_estimated, event.is_priced) == ("cancelled", True, True)
    assert event.buckets.input_total > 0
    assert event.actual_usd
    assert [attempt.outcome for attempt in event.attempts] == ["cancelled"]
    return event


def test_openais_stream_closed_in_its_middle(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
        stream = client.chat.completions.create(
            model="gpt-4o-mini", messages=HELLO, stream=True, extra_headers=SLOW
        )
        said = [next(stream).choices[0].delta.content or "" for _ in range(4)]
        stream.close()
    event = cancelled(gateway, simulator)
    assert event.buckets.output >= -(-len("".join(said).encode()) // 4) > 0
    assert event.status == 200


@pytest.mark.parametrize("is_stream", [False, True])
async def test_openais_call_given_up_before_the_first_token(
    gateway: RunningGateway, simulator: RunningSimulator, is_stream: bool
) -> None:
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
        create: Any = client.chat.completions.create
        calling = asyncio.create_task(
            create(
                model="gpt-4o-mini",
                messages=HELLO,
                stream=is_stream,
                extra_headers={"x-sim-fault": "slow-first-byte=30"},
            )
        )
        await asyncio.to_thread(eventually, simulator.calls, seconds=10)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    event = await asyncio.to_thread(cancelled, gateway, simulator)
    assert (event.status, event.buckets.output) == (None, 0)


def test_responses_closed_in_their_middle(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
        stream = client.responses.create(
            model="gpt-4o", input="hi", stream=True, extra_headers=SLOW
        )
        for event in stream:
            if event.type == "response.output_text.delta":
                break
        stream.close()
    assert cancelled(gateway, simulator).buckets.output > 0


def test_anthropics_stream_closed_in_its_middle(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    with (
        anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key) as client,
        client.messages.stream(
            model="claude-haiku-4-5", max_tokens=200, messages=HELLO, extra_headers=SLOW
        ) as stream,
    ):
        next(stream.text_stream)
    event = cancelled(gateway, simulator)
    assert event.buckets.output > 0


def test_geminis_stream_closed_in_its_middle(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    options = types.HttpOptions(base_url=gateway.url, headers=SLOW)
    client = genai.Client(api_key=gateway.key, http_options=options)
    stream = client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
    next(stream)
    assert isinstance(stream, Iterator)
    stream.close()  # type: ignore[attr-defined]
    client.close()
    cancelled(gateway, simulator)
