"""The LLM provider simulator for tests: a real server in a thread, with its journal and scripts.

with running_simulator() as simulator:
    client = openai.OpenAI(base_url=f"{simulator.url}/v1", api_key="key-a")
"""

import asyncio
import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import uvicorn

from sim.app import Simulator
from sim.exchange import new_world
from sim.server import server_config
from sim.world import World
from tests.launch.projects import eventually


@dataclass(frozen=True)
class SimulatedCall:
    """One call as it reached the simulator; see sim/README.md for the meaning of the fields."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    dialect: str
    api_key: str
    fault: str
    body: bytes
    status: int
    bytes_sent: int
    is_finished: bool
    is_disconnected: bool

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator that answers at `url` (no slash at the end); `world` is its state."""

    url: str
    world: World
    client: httpx.Client  # kept, as each new one reads the system's certificates

    def calls(self, api_key: str | None = None) -> list[SimulatedCall]:
        """The calls so far, oldest first, of one API key if it is given."""
        query = {"limit": "5000"} | ({"api_key": api_key} if api_key else {})
        answer = self.client.get("/_sim/calls", params=query).raise_for_status().json()
        return [_call(shown) for shown in answer["calls"]]

    def finished_calls(self, api_key: str | None = None, *, count: int) -> list[SimulatedCall]:
        """The calls, once at least `count` of them have ended, well or not."""
        return eventually(lambda: self._ended(api_key, count), seconds=10)

    def _ended(self, api_key: str | None, count: int) -> list[SimulatedCall]:
        calls = self.calls(api_key)
        return calls if sum(call.is_finished for call in calls) >= count else []

    def forget_calls(self) -> None:
        self.client.delete("/_sim/calls").raise_for_status()

    def script(self, api_key: str, *faults: str | None) -> None:
        """Let the next calls of `api_key` meet these faults, one each; None is a good answer."""
        body = {"api_key": api_key, "faults": faults}
        self.client.post("/_sim/scripts", json=body).raise_for_status()


def _call(shown: dict[str, Any]) -> SimulatedCall:
    return SimulatedCall(
        **{name: shown[name] for name in ("method", "path", "query", "dialect", "api_key")},
        **{name: shown[name] for name in ("fault", "status", "bytes_sent")},
        headers=dict(shown["headers"]),
        body=base64.b64decode(shown["body"]),
        is_finished=shown["finished"],
        is_disconnected=shown["disconnected"],
    )


@contextmanager
def running_simulator(world: World | None = None) -> Iterator[RunningSimulator]:
    """A simulator on a free port of 127.0.0.1 while the block runs."""
    world = world or new_world()
    server = uvicorn.Server(server_config(Simulator(world), host="127.0.0.1", port=0))
    # uvicorn takes signal handlers in the main thread only, and leaves them alone here.
    thread = threading.Thread(target=asyncio.run, args=(server.serve(),), daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started, seconds=20)
        url = f"http://127.0.0.1:{_port(server)}"
        with httpx.Client(base_url=url, timeout=60.0) as client:
            yield RunningSimulator(url, world, client)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def _port(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
