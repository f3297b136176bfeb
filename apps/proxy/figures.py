"""What operators watch of a gateway process, in Prometheus' form."""

from functools import lru_cache
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram

from apps.proxy.exchange import Exchange

_CALLS = Counter(
    "netra_gateway_calls", "Calls that ended.", ("organization", "endpoint", "outcome")
)
_TURNED_AWAY = Counter("netra_gateway_turned_away", "Calls without a valid key.", ("code",))
_ATTEMPTS = Counter("netra_gateway_attempts", "Tries at providers.", ("provider", "outcome"))
_WATCH_FAULTS = Counter("netra_gateway_watch_faults", "Parts of answers that could not be read.")
_LEVER_FAULTS = Counter(
    "netra_gateway_lever_faults", "Calls that a lever left untouched.", ("lever", "cause")
)
_LOST_COMPARISONS = Counter(
    "netra_gateway_lost_comparisons", "What would have been judged, and is not.", ("cause",)
)
_OPEN = Gauge("netra_gateway_open_calls", "Calls in flight.")
_OVERHEAD = Histogram(
    "netra_gateway_overhead_seconds",
    "What the gateway added to a call.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0),
)


# Finding a labelled figure costs more than counting with it; so much for each organization.
_REMEMBERED = 8_192


class _Open:
    """Counted in the event loop alone, without the lock that a gauge takes."""

    count = 0


_OPEN.set_function(lambda: _Open.count)


def enter() -> None:
    """A call came in."""
    _Open.count += 1


def leave() -> None:
    """A call is over."""
    _Open.count -= 1


def turn_away(code: str) -> None:
    """A call ended before anybody was recognised."""
    _TURNED_AWAY.labels(code).inc()


def fail_lever(lever: str, cause: str) -> None:
    """A lever broke or was too slow, and its call went on untouched."""
    _LEVER_FAULTS.labels(lever, cause).inc()


def drop_comparison(cause: str) -> None:
    """What a lever offered to be judged was lost."""
    _LOST_COMPARISONS.labels(cause).inc()


def count(exchange: Exchange, overhead_ms: float) -> None:
    """A recognised caller's call ended."""
    organization_id = exchange.caller.organization.id
    _calls(organization_id, exchange.endpoint.name, exchange.outcome).inc()
    _OVERHEAD.observe(overhead_ms / 1000)
    for attempt in exchange.attempts:
        _attempts(attempt.provider, attempt.outcome).inc()
    if exchange.reading and exchange.reading.fault_count:
        _WATCH_FAULTS.inc(exchange.reading.fault_count)


@lru_cache(maxsize=_REMEMBERED)
def _calls(organization_id: UUID, endpoint: str, outcome: str) -> Counter:
    return _CALLS.labels(str(organization_id), endpoint, outcome)


@lru_cache(maxsize=_REMEMBERED)
def _attempts(provider: str, outcome: str) -> Counter:
    return _ATTEMPTS.labels(provider, outcome)
