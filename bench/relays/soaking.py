"""Whether memory stays what it is after very many calls."""

from itertools import pairwise
from pathlib import Path

from bench.relays.contenders import Contender
from bench.relays.measuring import run_job
from bench.relays.usage import rss_bytes
from bench.relays.wire import CALLS
from bench.rows import Row

# After the first part every pool has its size.
_PARTS = 10
_MOST_GROWTH = 1.05
_MEGA = 1e6


def soaked(contender: Contender, folder: Path, *, calls: int) -> list[Row]:
    """Resident memory after a tenth of `calls` and after all, whole and streamed in turn."""
    sizes: list[float] = []
    for part in range(_PARTS):
        call = CALLS[part % 2]
        job = {"connections": 64, "seconds": 7_200.0, "calls": calls // _PARTS}
        run_job(contender, call, folder, job)
        sizes.append(rss_bytes(contender.server.pid) / _MEGA)
        _forget_records(folder / "spool")
        print(f"{(part + 1) * calls // _PARTS:,} calls, {sizes[-1]:.1f} MB", flush=True)
    return _rows(calls, sizes[0], sizes[-1])


def _rows(calls: int, first: float, last: float) -> list[Row]:
    target = _MOST_GROWTH * first
    return [
        Row(f"RSS after {calls // _PARTS:,} calls", first, "MB"),
        Row(f"RSS after {calls:,} calls", last, "MB", first, target, last <= target),
    ]


def _forget_records(spool: Path) -> None:
    """Segments that are done with; no shipper runs here that would take them."""
    for folder in spool.iterdir():
        for done, _ in pairwise(sorted(folder.glob("*.seg"))):
            done.unlink()
