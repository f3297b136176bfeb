"""What a call through the gateway costs, beside a bare relay and other gateways.

LiteLLM's proxy and Portkey's gateway run with it where NETRA_BENCH_LITELLM names the `litellm`
executable of an environment of its own, and NETRA_BENCH_PORTKEY the folder of the package
@portkey-ai/gateway.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench._database import throwaway_database
from bench.relays.contenders import Contender, Place, absent, contenders, static_upstream
from bench.relays.measuring import BUSIER, BUSY, OPEN, SEQUENTIAL, Length, measure
from bench.relays.organization import furnish
from bench.relays.report import rows_of
from bench.relays.soaking import soaked
from bench.relays.wire import CALLS
from bench.rows import Row

_QUICK = Length(rounds=3, seconds=0.4, calls=CALLS, manners=(SEQUENTIAL, BUSY))
_USUAL = Length(rounds=5, seconds=1.0, calls=CALLS, manners=(SEQUENTIAL, BUSY, BUSIER, OPEN))
_SOAK_CALLS, _LONG_SOAK_CALLS = 100_000, 1_000_000


def run(quick: bool, *, is_long: bool = False) -> list[Row]:
    """CPU, added latency, throughput and memory. is_long: a soak of a million calls."""
    for name in absent():
        print(f"{name} is not installed here, and so is left out")
    with throwaway_database(), tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with static_upstream(folder) as server:
            upstream = f"http://127.0.0.1:{server.port}"
            place = Place(folder, upstream, furnish(upstream))
            direct = Contender("direct", server, {"authorization": "Bearer sk-static"})
            with contenders(place) as field:
                rows = rows_of(measure([direct, *field], _QUICK if quick else _USUAL, folder))
                return rows if quick else [*rows, *_memory(field, folder, is_long=is_long)]


def _memory(field: Sequence[Contender], folder: Path, *, is_long: bool) -> list[Row]:
    [ours] = [each for each in field if each.name == "netra"]
    return soaked(ours, folder, calls=_LONG_SOAK_CALLS if is_long else _SOAK_CALLS)
