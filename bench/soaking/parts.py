"""The parts of the running product: which process is which, and whether it is there."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.relays.usage import family
from netra.launch.places import Places
from netra.launch.probes import http_status, postgres_answers, valkey_answers
from netra.launch.records import Record, start_time

GATEWAY_WORKER = "gateway worker"
# Of these one is killed at a time; the simulator of the product has no part in the soak.
PROGRAMS = ("gateway", "web", "shipper", "worker", "beat", "postgres", "queue", "cache")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts answer: ports, and the Valkeys' passwords."""

    gateway: int
    web: int
    postgres: int
    queue: tuple[int, str]
    cache: tuple[int, str]

    @classmethod
    def of(cls, urls: dict[str, str]) -> "Addresses":
        """urls: "gateway", "web", "postgres", "queue" and "cache" → URL."""
        parts = {name: urlsplit(url) for name, url in urls.items()}
        ports = {name: each.port or 0 for name, each in parts.items()}
        queue, cache = ((ports[name], parts[name].password or "") for name in ("queue", "cache"))
        return cls(ports["gateway"], ports["web"], ports["postgres"], queue, cache)


class Parts:
    """What runs in `places`."""

    def __init__(self, places: Places, addresses: Addresses) -> None:
        self._places, self._at = places, addresses
        self._answers: dict[str, Callable[[], bool]] = {
            "gateway": lambda: http_status(addresses.gateway, "/readyz") == 200,
            "web": lambda: http_status(addresses.web, "/readyz") == 200,
            "postgres": lambda: postgres_answers(addresses.postgres),
            "queue": lambda: valkey_answers(*addresses.queue),
            "cache": lambda: valkey_answers(*addresses.cache),
        }

    def process(self, name: str) -> int | None:
        """The process of a program, as the launcher started it last; None while there is none."""
        record = self._records().get(name)
        return record.pid if record and record.is_alive() else None

    def gateway_workers(self) -> list[int]:
        """Those that answer calls, the longest running first."""
        parent = self.process("gateway")
        below = family(parent)[1:] if parent else []
        return sorted((pid for pid in below if _is_worker(pid)), key=_began)

    def answers(self, name: str) -> bool:
        """Whether the part serves; of one that listens nowhere, whether its process is there."""
        asked = self._answers.get(name)
        return self.process(name) is not None and (asked is None or asked())

    def has_spool(self, pid: int) -> bool:
        """Whether a gateway process has opened its spool, just before it lets callers in."""
        spool = str(self._places.local / "spool")
        return any(target.startswith(spool) for target in _open_files(pid))

    def running(self) -> dict[str, list[int]]:
        """Name → processes, gateway workers apart from their parent."""
        found = {name: pid for name in PROGRAMS if (pid := self.process(name))}
        listed = {name: [pid] for name, pid in found.items()}
        return listed | {GATEWAY_WORKER: self.gateway_workers()}

    def _records(self) -> dict[str, Record]:
        runs = sorted(self._places.runs.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        lines = runs[-1].read_text().splitlines() if runs else []
        records = [Record(**json.loads(line)) for line in lines if line.endswith("}")]
        return {record.name: record for record in records}


def _is_worker(pid: int) -> bool:
    """Not the helper that Python starts beside them."""
    try:
        return b"spawn_main" in (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def _open_files(pid: int) -> Iterator[str]:
    for descriptor in (_PROC / str(pid) / "fd").glob("*"):
        with suppress(OSError):  # closed meanwhile
            yield os.readlink(descriptor)


def _began(pid: int) -> int:
    began = start_time(pid).rpartition(":")[2]
    return int(began or 0)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
