"""What the levers save on recorded data, and what deciding costs: protocol in docs/benchmarks.md.

NETRA_DATA_DIR names the folder of the data sets; a row says so when one is absent.
"""

from collections.abc import Callable

from bench.lever_figures import answers, caching, deciding, routes, shrinking
from bench.lever_figures.places import absent
from bench.rows import Row
from demo.sources.folders import NoData


def run(quick: bool) -> list[Row]:
    """quick: fewer orders, splits and calls of the same figures."""
    parts: dict[str, Callable[[], list[Row]]] = {
        "tau_bench_airline (prompt cache)": caching.agent_rows,
        "mooncake_traces": caching.trace_rows,
        "fow_cache": answers.trap_rows,
        "banking77": lambda: answers.stream_rows(quick),
        "routellm": lambda: routes.route_rows(quick),
        "toon_accuracy": shrinking.toon_rows,
        "tau_bench_airline (results)": shrinking.result_rows,
        "bfcl_v4": shrinking.tool_rows,
        "decisions": lambda: deciding.decision_rows(quick),
    }
    return [row for name, part in parts.items() for row in _rows(name, part)]


def _rows(name: str, part: Callable[[], list[Row]]) -> list[Row]:
    try:
        return part()
    except NoData:
        return list(absent(name))
