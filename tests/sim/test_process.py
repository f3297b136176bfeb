"""The simulator as a process, its sockets and its control paths."""

import signal
import subprocess
import sys
from contextlib import suppress

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Subprotocol

from netra.launch.places import CHECKOUT
from netra.launch.ports import pick_free
from netra.launch.probes import http_status
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator


def test_a_process_answers_until_it_is_stopped() -> None:
    port = pick_free()
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "--port", str(port)], cwd=CHECKOUT, env={"SIM_CACHE": "off"}
    )
    try:
        eventually(lambda: http_status(port, "/healthz") == 200)
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "abcd" * 2000}]}
        headers = {"authorization": "Bearer sk-process"}
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        answers = [httpx.post(url, json=body, headers=headers).content for _ in range(2)]
        assert answers[0] == answers[1]
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in {0, -signal.SIGTERM}


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/_sim/nowhere", b"", 404),
        ("GET", "/_sim/calls?limit=many", b"", 400),
        ("POST", "/_sim/scripts", b"{", 400),
        ("POST", "/_sim/scripts", b'{"api_key": 1}', 400),
        ("POST", "/_sim/scripts", b'{"api_key": "k", "faults": [5]}', 400),
        ("POST", "/_sim/scripts", b'{"api_key": "k", "faults": ["explode"]}', 400),
    ],
)
def test_control_says_what_is_wrong(
    simulator: RunningSimulator, method: str, path: str, content: bytes, status: int
) -> None:
    response = simulator.client.request(method, path, content=content)
    assert response.status_code == status
    assert response.json()["error"].startswith("sim: ")


def test_the_journal_shows_what_went_over_the_wire(simulator: RunningSimulator) -> None:
    url = "/v1/chat/completions?a=1"
    headers = [("authorization", "Bearer sk-journal"), ("x-twice", "1"), ("x-twice", "2")]
    answer = simulator.client.post(url, content=b"{no json", headers=headers)
    simulator.client.post(url, content=b"{}", headers={"authorization": "Bearer sk-other"})
    shown = simulator.client.get("/_sim/calls", params={"api_key": "sk-journal"}).json()
    [call] = shown["calls"]
    wanted = ("method", "path", "query", "status", "bytes_sent", "finished", "disconnected")
    assert [call[name] for name in wanted] == [
        *("POST", "/v1/chat/completions", "a=1", 400, len(answer.content), True, False)
    ]
    assert [pair for pair in call["headers"] if pair[0] == "x-twice"] == [
        ["x-twice", "1"],
        ["x-twice", "2"],
    ]
    [kept] = simulator.calls("sk-journal")
    assert kept.body == b"{no json"


async def until_closed(socket: ClientConnection) -> list[str | bytes]:
    """What came before the server closed the connection as if it had failed."""
    events: list[str | bytes] = []
    with suppress(ConnectionClosedError):
        while True:
            events.append(await socket.recv())
    return events


def socket_url(simulator: RunningSimulator) -> str:
    return simulator.url.replace("http", "ws") + "/v1/realtime?model=gpt-realtime"


@pytest.mark.parametrize(("key", "status"), [("sim-fault.429", 429), ("invalid", 401)])
async def test_a_handshake_can_be_refused(
    simulator: RunningSimulator, key: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as raised:
        async with connect(
            socket_url(simulator), additional_headers={"authorization": f"Bearer {key}"}
        ):
            pytest.fail("the handshake was accepted")
    assert raised.value.response.status_code == status


async def test_a_session_can_be_cut_and_a_browser_send_its_key_as_a_protocol(
    simulator: RunningSimulator,
) -> None:
    protocols = ["realtime", "openai-insecure-api-key.sim-fault.cut"]
    url = socket_url(simulator)
    async with connect(url, subprotocols=[Subprotocol(word) for word in protocols]) as socket:
        await socket.send('{"type": "response.create"}')
        events = await until_closed(socket)
    assert (socket.subprotocol, socket.close_code) == ("realtime", 1011)
    assert len(events) > 1


async def test_nonsense_on_a_socket_is_an_error_event(simulator: RunningSimulator) -> None:
    async with connect(
        socket_url(simulator), additional_headers={"authorization": "Bearer sk"}
    ) as socket:
        await socket.recv()
        for nonsense in ("{", "[]", '{"type": "dance"}'):
            await socket.send(nonsense)
            assert '"type":"error"' in str(await socket.recv())
