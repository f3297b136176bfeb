"""What near questions take of a machine: memory, cold start, search; with several workers.

100 tenants of 100,000 kept questions, four workers, an empty folder of maps; --quick: 3 tenants
and two workers, with bounds as much smaller.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
from redis import Redis
from redis.exceptions import RedisError

from apps.optimization.neighbours import CAPACITY
from bench.cache_figures.questions import fill
from bench.cache_figures.workers import Order, Told
from bench.rows import Row
from netra.launch.binaries import valkey_server

PREFIX = "bench"
MEMORY_TARGET_MB = 1024.0
SEARCH_TARGET_MS = 5.0
_MB = 1 << 20
_MEMORY = Path("/dev/shm")  # noqa: S108  # where maps lie in use


@dataclass(frozen=True, slots=True)
class Size:
    """tenants x namespaces of CAPACITY questions each, of which a worker looks into `visited` and
    stays with `hot`; most_bytes of maps.
    """

    tenants: int
    namespaces: int
    workers: int
    visited: int
    hot: int
    questions: int
    most_bytes: int


WHOLE = Size(100, 10, 4, 120, 50, 2_000, 512 * _MB)
QUICK = Size(3, 4, 2, 12, 6, 300, 24 * _MB)


def run(quick: bool) -> list[Row]:
    """A store, a folder and workers of its own; nothing in use is touched."""
    size = QUICK if quick else WHOLE
    with _folder("store") as home, _folder("maps") as maps, _store(home) as url:
        filled_s, store_mb = _fill(url, size)
        began = perf_counter()
        told = _told(url, maps, size)
        working_s = perf_counter() - began
        maps_mb = sum(each.stat().st_blocks * 512 for each in maps.iterdir()) / _MB
        return _rows(size, told, maps_mb, store_mb, filled_s, working_s)


def _rows(
    size: Size,
    told: Sequence[Told],
    maps_mb: float,
    store_mb: float,
    filled_s: float,
    working_s: float,
) -> list[Row]:
    total = size.tenants * size.namespaces * CAPACITY
    workers_mb = [sum(each.memory[n] for n in ("Pss_Anon", "Pss_File")) / 1024 for each in told]
    copies_mb = size.workers * total * 256 * 4 / _MB
    machine_mb = sum(workers_mb) + maps_mb
    return [
        Row("kept questions", float(total), f"{size.tenants} tenants"),
        Row(f"memory: maps and {size.workers} workers", machine_mb, "MB", copies_mb,
            MEMORY_TARGET_MB, machine_mb <= MEMORY_TARGET_MB),
        Row("- maps, shared; beside what they may take", maps_mb, "MB", size.most_bytes / _MB),
        Row("- one worker, Python and weights", max(workers_mb), "MB"),
        *_spread("cold namespace, until found", [ms for each in told for ms in each.cold_ms]),
        Row("- CPU of a worker", float(np.mean([each.cold_cpu_ms for each in told])), "ms"),
        Row("weights and libraries, first call", max(each.loaded_ms for each in told), "ms"),
        *_spread(f"search of {CAPACITY:,}, CPU", [ms for e in told for ms in e.search_cpu_ms],
            SEARCH_TARGET_MS),
        *_spread(f"search of {CAPACITY:,}, wall", [ms for e in told for ms in e.search_ms]),
        Row("rows in the store, each", store_mb * _MB / total, "bytes"),
        Row("filled in", filled_s, "s"),
        Row("workers' time in all", working_s, "s"),
    ]  # fmt: skip


def _spread(name: str, values: Sequence[float], target: float | None = None) -> list[Row]:
    middle, high = (float(np.percentile(values, at)) for at in (50, 99))
    met = None if target is None else high <= target
    return [Row(f"{name}: p50", middle, "ms"), Row("- p99", high, "ms", None, target, met)]


def _fill(url: str, size: Size) -> tuple[float, float]:
    began = perf_counter()
    with Redis.from_url(url) as client:
        before = client.info("memory")["used_memory"]
        for tenant in range(size.tenants):
            for namespace in range(size.namespaces):
                fill(client, PREFIX, tenant, namespace)
        used = (client.info("memory")["used_memory"] - before) / _MB
    return perf_counter() - began, used


def _told(url: str, maps: Path, size: Size) -> list[Told]:
    """What the workers say, all of which begin at the same time."""
    command = [sys.executable, "-m", "bench.cache_figures.workers"]
    running = []
    for seed in range(size.workers):
        order = Order(url, PREFIX, str(maps), size.most_bytes, size.tenants, size.namespaces,
            size.visited, size.hot, size.questions, seed)  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        process.stdin.write(json.dumps(asdict(order)).encode())
        process.stdin.close()
        running.append(process)
    return [_said(each) for each in running]


def _said(process: "subprocess.Popen[bytes]") -> Told:
    assert process.stdout
    said = process.stdout.read()
    if process.wait():
        raise RuntimeError("A worker failed; its error stands above.")
    return Told(**json.loads(said))


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"netra-bench-{name}-", dir=_MEMORY) as folder:
        yield Path(folder)


@contextmanager
def _store(home: Path) -> Iterator[str]:
    """A Valkey behind a socket file, which keeps everything."""
    socket = home / "valkey.sock"
    command = [str(valkey_server()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    process = subprocess.Popen([*command, "--dir", str(home)], stdout=subprocess.DEVNULL)
    url = f"unix://{socket}"
    try:
        _await(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _await(url: str) -> None:
    for _ in range(500):
        try:
            with Redis.from_url(url) as client:
                client.ping()
                return
        except RedisError:
            sleep(0.02)
    raise TimeoutError("Valkey does not answer.")
