"""Realtime: a WebSocket through the gateway, by OpenAI's SDK and by hand."""

import asyncio
import logging
from typing import Any

import openai
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.kernel.events import Event
from tests.gateways import RunningGateway
from tests.proxy.bad_input.raw import shape_of
from tests.simulator import RunningSimulator

REFUSED = "upstream_refused"
PATH = "/v1/realtime?model=gpt-realtime"


@pytest.fixture(autouse=True)
def fresh(gateway: RunningGateway, simulator: RunningSimulator) -> None:
    simulator.forget_calls()
    gateway.forget_events()


def wire(url: str) -> str:
    return url.replace("http", "ws", 1) + PATH


def said(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    return {"type": "conversation.item.create", "item": item}


async def conversation(url: str, key: str, *texts: str) -> list[str]:
    """Every message of the server in a talk that asks for an answer to each of the texts."""
    heard = []
    async with connect(wire(url), additional_headers={"authorization": f"Bearer {key}"}) as socket:
        heard.append(str(await socket.recv()))
        for text in texts:
            await socket.send(orjson.dumps(said(text)).decode())
            await socket.send('{"type":"response.create"}')
            while '"type":"response.done"' not in heard[-1]:
                heard.append(str(await socket.recv()))
            heard.append("")
    return heard


async def drain(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def ended(gateway: RunningGateway) -> Event:
    [event] = await asyncio.to_thread(gateway.events)
    return event


async def test_openais_sdk(gateway: RunningGateway) -> None:
    text = ""
    async with (
        openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client,
        client.realtime.connect(model="gpt-realtime") as connection,
    ):
        await connection.conversation.item.create(item=said("hello")["item"])
        await connection.response.create()
        async for event in connection:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                break
    assert text == "hello"
    assert (await ended(gateway)).outcome == "success"


async def test_every_message_is_the_providers_own_and_usage_adds_up(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    texts = ("hello wörld", "and again")
    direct = await conversation(simulator.url, "sim-key-1", *texts)
    ours = await conversation(gateway.url, gateway.key, *texts)
    assert ours == direct
    usages = [
        orjson.loads(message)["response"]["usage"]
        for message in ours
        if '"type":"response.done"' in message
    ]
    event = await ended(gateway)
    assert event.buckets.input_total == sum(usage["input_tokens"] for usage in usages)
    assert event.buckets.output_total == sum(usage["output_tokens"] for usage in usages)
    assert (event.endpoint, event.outcome, event.status) == ("realtime", "success", 101)
    assert (event.served_model, event.is_stream) == ("gpt-realtime", True)
    assert event.response_bytes == sum(len(message.encode()) for message in ours)


async def test_a_browser_puts_the_key_among_its_subprotocols(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    key = f"openai-insecure-api-key.{gateway.key}"
    protocols: Any = ["realtime", key, "openai-beta.realtime-v1"]
    async with connect(wire(gateway.url), subprotocols=protocols) as socket:
        assert socket.subprotocol == "realtime"
        assert "session.created" in str(await socket.recv())
    [call] = await asyncio.to_thread(simulator.finished_calls, count=1)
    assert call.headers["authorization"] == "Bearer sim-key-1"
    assert gateway.key not in str(call.headers)
    assert (await ended(gateway)).outcome == "success"


async def test_a_key_in_the_query_is_nobodys_to_read(
    gateway: RunningGateway,
    simulator: RunningSimulator,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO, "uvicorn.error")
    async with connect(f"{wire(gateway.url)}&api-key={gateway.key}") as socket:
        await socket.recv()
    [call] = await asyncio.to_thread(simulator.finished_calls, count=1)
    assert call.query == "model=gpt-realtime"
    printed = capfd.readouterr()
    assert gateway.key not in f"{caplog.text}{printed.out}{printed.err}"
    await ended(gateway)


@pytest.mark.parametrize("place", ["header", "subprotocol", "none"])
async def test_a_wrong_key_is_a_401_in_openais_shape(
    gateway: RunningGateway, simulator: RunningSimulator, place: str
) -> None:
    places: dict[str, dict[str, Any]] = {
        "header": {"additional_headers": {"authorization": "Bearer nap_live_no"}},
        "subprotocol": {"subprotocols": ["realtime", "openai-insecure-api-key.nap_live_no"]},
        "none": {},
    }
    with pytest.raises(InvalidStatus) as raised:
        await connect(wire(gateway.url), **places[place])
    response = raised.value.response
    assert (response.status_code, shape_of(orjson.loads(response.body))) == (401, "openai")
    assert simulator.calls() == []


@pytest.mark.parametrize("fault", ["401", "404", "429", "500"])
async def test_a_refusal_of_the_provider_keeps_its_status(
    gateway: RunningGateway, fault: str
) -> None:
    headers = {"authorization": f"Bearer {gateway.key}", "x-sim-fault": fault}
    with pytest.raises(InvalidStatus) as raised:
        await connect(wire(gateway.url), additional_headers=headers)
    response = raised.value.response
    assert (response.status_code, shape_of(orjson.loads(response.body))) == (int(fault), "openai")
    event = await ended(gateway)
    assert (event.outcome, event.status, event.error_code) == ("error", int(fault), REFUSED)
    assert [attempt.status for attempt in event.attempts] == [int(fault)]


async def test_binary_messages_and_close_codes_pass(gateway: RunningGateway) -> None:
    headers = {"authorization": f"Bearer {gateway.key}", "x-sim-fault": "cut"}
    async with connect(wire(gateway.url), additional_headers=headers) as socket:
        await socket.recv()
        await socket.send(b'{"type":"response.create"}')
        with pytest.raises(ConnectionClosed) as closed:
            await drain(socket)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1011
    await ended(gateway)


async def test_a_caller_that_leaves_closes_the_provider_too(
    gateway: RunningGateway, simulator: RunningSimulator
) -> None:
    socket = await connect(
        wire(gateway.url), additional_headers={"authorization": f"Bearer {gateway.key}"}
    )
    await socket.recv()
    socket.transport.abort()
    event = await ended(gateway)
    assert (event.status, event.endpoint) == (101, "realtime")
    [call] = await asyncio.to_thread(simulator.finished_calls, count=1)
    assert call.is_finished
