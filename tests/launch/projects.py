"""A project small enough to start and kill many times, with the real databases behind it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psycopg
import redis

from netra.launch.binaries import postgres_account, postgres_binaries, postgres_home
from netra.launch.environment import announced
from netra.launch.places import CHECKOUT, Places
from netra.launch.ports import pick_free
from netra.launch.records import start_time

MANAGE = """
import json, os, sys
from pathlib import Path

if sys.argv[1] == "prepare":
    Path(sys.argv[3]).write_text(
        json.dumps({"email": "demo@netra.local", "password": "secret-word", "key": "nap_test_1"})
    )
else:
    print(os.environ[sys.argv[2]])
    sys.exit(int(sys.argv[3]))
"""
WEB = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
# A worker with a child in a session of its own, as a daemon would be.
WORKER = """
import subprocess, time
subprocess.Popen(["sleep", "600"], start_new_session=True)
time.sleep(600)
"""
PROCFILE = """# programs
web: python web.py $PORT_WEB
gateway: python web.py $PORT_GATEWAY
simulator: python web.py $PORT_SIMULATOR
worker: python worker.py
"""
_WANTED = ("PATH", "HOME", "LANG")  # nothing of the run that we are part of
T = TypeVar("T")


def shared_binaries() -> Path:
    """The Postgres that serves the suite itself; copying one for each test takes seconds."""
    account = postgres_account()
    home = postgres_home(Places.of(CHECKOUT).for_tests(), account)
    return postgres_binaries(home, account, {})


def eventually(wanted: Callable[[], T], *, seconds: float = 60.0) -> T:
    """The first true value of `wanted`."""
    give_up_at = time.monotonic() + seconds
    while not (value := wanted()):
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)
    return value


@dataclass
class Project:
    """One checkout-like directory and the `up` that runs in it."""

    root: Path
    portal: int = field(default_factory=pick_free)
    gateway: int = field(default_factory=pick_free)
    started: list["Up"] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, text in {
            "manage.py": MANAGE,
            "web.py": WEB,
            "worker.py": WORKER,
            "Procfile": PROCFILE,
        }.items():
            (self.root / name).write_text(text)
        (self.root / ".venv").symlink_to(sys.prefix)

    @property
    def places(self) -> Places:
        return Places.of(self.root)

    def up(self, **variables: str) -> "Up":
        """Start `up`, with `variables` in its environment."""
        self.started.append(Up(self, variables))
        return self.started[-1]

    def end(self) -> None:
        """Leave no process, whatever happened."""
        for running in self.started:
            running.process.kill()
            running.process.wait()
        eventually(lambda: not self.processes())

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """The rows that `statement` returns in the project's database."""
        with psycopg.connect(announced(self.places)["DATABASE_URL"]) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def queue(self) -> "redis.Redis":
        """A client of the Valkey that keeps what it is told."""
        return redis.Redis.from_url(announced(self.places)["REDIS_URL"], decode_responses=True)

    def processes(self) -> dict[int, str]:
        """Every process whose command or working directory is below the project."""
        pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
        return {pid: text for pid in pids if (text := self._belongs(pid)) and start_time(pid)}

    def _belongs(self, pid: int) -> str:
        try:
            where = os.readlink(f"/proc/{pid}/cwd")
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
        return command if str(self.root) in f"{where} {command}" else ""

    def pid_of(self, part: str) -> int:
        """The process whose command holds `part`; the first one when there are more."""
        return min(pid for pid, command in self.processes().items() if part in command)


class Up:
    """A running `up`, its output gathered in a file."""

    def __init__(self, project: Project, variables: dict[str, str]) -> None:
        self.project = project
        self.output = project.root / "up.out"
        env = {k: v for k, v in os.environ.items() if k in _WANTED}
        env |= {"NETRA_PG_BIN": str(shared_binaries())} | variables
        command = [sys.executable, "-m", "tests.launch.runner", str(project.root)]
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                [*command, str(project.portal), str(project.gateway)],
                cwd=CHECKOUT,
                env=env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        """Until the output holds `text`."""
        eventually(lambda: text in self.said() or self._fail_when_ended(text))

    def _fail_when_ended(self, text: str) -> bool:
        assert self.process.poll() is None or text in self.said(), self.said()
        return False

    def wait_until_ready(self) -> "Up":
        self.wait_for("ready  portal")
        return self

    def signal(self, number: int) -> int:
        """Send it a signal; the exit status that follows."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)
