"""A server process that is told to end: running streams finish, and nobody else is let in."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from apps.kernel.events import decode
from apps.tenants.key_format import new_key
from apps.usage.spool import Follower, Kind
from apps.usage.spool.folders import writer_folders
from netra.serving import configured, parsed
from tests.databases import ROOT
from tests.launch.projects import eventually
from tests.simulator import RunningSimulator

KEY = new_key(is_test=True).value
STREAMED = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "a word " * 40}],
    "max_tokens": 40,
    "stream": True,
}
# Some seconds from the first token to the last.
SLOWLY = {"authorization": f"Bearer {KEY}", "x-sim-token-ms": "60", "x-sim-cache": "off"}


@dataclass(frozen=True)
class Serving:
    """A server process; `spool` is where its workers leave their records."""

    process: "subprocess.Popen[bytes]"
    port: int
    spool: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_open(self) -> bool:
        """Whether somebody accepts connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def outcomes(self) -> list[str]:
        """How the calls ended, of all workers."""
        records = [
            record
            for folder in writer_folders(self.spool)
            for record in Follower(folder).read(1 << 30)
        ]
        return [decode(each.payload).outcome for each in records if each.kind is Kind.END]


def started(upstream: str, spool: Path, *options: str) -> "subprocess.Popen[bytes]":
    """A server with these options."""
    command = [sys.executable, "-m", "netra.serving", "--app", "tests.proxy.serving:application"]
    env = os.environ | {
        "GATEWAY_KEY": KEY,
        "GATEWAY_UPSTREAM": upstream,
        "GATEWAY_SPOOL": str(spool),
        "REDIS_URL": settings.REDIS_URL,
    }
    return subprocess.Popen([*command, *options], env=env)


@contextmanager
def serving(
    upstream: str, spool: Path, workers: int, *options: str, port: int = 0
) -> Iterator[Serving]:
    """A server until the end of the block; killed if it is still there."""
    port = port or free_port()
    named = ("--port", str(port), "--workers", str(workers), *options)
    with started(upstream, spool, *named) as process:
        found = Serving(process, port, spool)
        try:
            eventually(
                lambda: len(writer_folders(spool)) == workers and found.is_open(), seconds=60
            )
            yield found
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_running_stream_ends_whole_and_nobody_else_is_let_in(
    simulator: RunningSimulator, tmp_path: Path, workers: int
) -> None:
    with serving(simulator.url, tmp_path, workers) as server, httpx.Client(timeout=30) as client:
        path = f"{server.url}/v1/chat/completions"
        with client.stream("POST", path, json=STREAMED, headers=SLOWLY) as answer:
            lines = answer.iter_lines()
            first = next(lines)
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: not server.is_open(), seconds=10)
            assert server.process.poll() is None
            rest = [line for line in lines if line]
        assert (first.startswith("data: {"), rest[-1]) == (True, "data: [DONE]")
        assert server.process.wait(30) in (0, -signal.SIGTERM)
        assert server.outcomes() == ["success"]


def test_an_idle_connection_keeps_no_server_alive(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    with serving(simulator.url, tmp_path, 1) as server, httpx.Client() as client:
        assert client.get(f"{server.url}/healthz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) in (0, -signal.SIGTERM)


def test_nobody_is_turned_away_while_a_parent_that_was_killed_has_a_successor(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    with serving(simulator.url, old, 2) as server:
        url = f"{server.url}/healthz"
        server.process.kill()
        server.process.wait(10)
        with (
            httpx.Client(headers={"connection": "close"}) as client,
            serving(simulator.url, new, 2, port=server.port),
        ):
            eventually(lambda: client.get(url).is_success and _all_dead(old), seconds=60)
            assert [client.get(url).status_code for _ in range(20)] == [200] * 20
            assert not _all_dead(new)


def test_workers_without_a_parent_finish_their_answers_and_end(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    with (
        serving(simulator.url, tmp_path, 2, "--linger", "0.1") as server,
        httpx.Client(timeout=30) as client,
    ):
        path = f"{server.url}/v1/chat/completions"
        with client.stream("POST", path, json=STREAMED, headers=SLOWLY) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.process.kill()
            eventually(lambda: not server.is_open(), seconds=10)
            assert [line for line in lines if line][-1] == "data: [DONE]"
        eventually(lambda: _all_dead(tmp_path), seconds=30)
        assert server.outcomes() == ["success"]


def test_a_second_parent_is_not_let_onto_the_port_of_a_living_one(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    with serving(simulator.url, tmp_path, 2) as server:
        named = ("--port", str(server.port), "--workers", "2")
        with started(simulator.url, tmp_path, *named) as second:
            assert second.wait(60) == 1
        assert server.is_open()


def test_idle_connections_are_kept_longer_than_load_balancers_keep_them() -> None:
    alone, together = (
        configured(parsed(["--port", "1", "--workers", workers])) for workers in ("1", "2")
    )
    web = next(line for line in (ROOT / "Procfile").read_text().splitlines() if "web:" in line)
    assert (alone.timeout_keep_alive, together.timeout_keep_alive) == (75, 75)
    assert "--timeout-keep-alive 75" in web


def _all_dead(spool: Path) -> bool:
    return all(each.is_dead() for each in writer_folders(spool))
