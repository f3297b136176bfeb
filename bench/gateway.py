"""What a call through the gateway costs, beside a bare relay and other gateways."""

import tempfile
from pathlib import Path

from bench._database import throwaway_database
from bench.relays.contenders import Contender, Place, contenders, static_upstream
from bench.relays.measuring import BUSIER, BUSY, OPEN, SEQUENTIAL, Length, measure
from bench.relays.organization import furnish
from bench.relays.report import rows_of
from bench.relays.wire import CALLS
from bench.rows import Row

_QUICK = Length(rounds=3, seconds=0.4, calls=CALLS, manners=(SEQUENTIAL, BUSY))
_USUAL = Length(rounds=7, seconds=1.0, calls=CALLS, manners=(SEQUENTIAL, BUSY, BUSIER, OPEN))


def run(quick: bool) -> list[Row]:
    """CPU, added latency, throughput and memory."""
    with throwaway_database(), tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with static_upstream(folder) as server:
            upstream = f"http://127.0.0.1:{server.port}"
            place = Place(folder, upstream, furnish(upstream))
            direct = Contender("direct", server, {"authorization": "Bearer sk-static"})
            with contenders(place) as field:
                measured = measure([direct, *field], _QUICK if quick else _USUAL, folder)
                return rows_of(measured)
