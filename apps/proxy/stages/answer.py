"""Give a call an answer that was given before: to the same call, or to one certified to be alike.

Those held out neither read what is kept nor add to it. What goes wrong here leaves the call as it
came. Kept answers are sealed, and found by a keyed hash (apps/optimization/answers).
"""

from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import Levers
from apps.proxy.reuse import Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing.fitting import reuse_of
from apps.proxy.stages.reusing.giving import give
from apps.proxy.stages.reusing.tiers import concerns, first_found, stand_aside

_MISS = b"miss"


async def answer(exchange: Exchange, runtime: Runtime) -> bool:
    """Whether the call has its answer now, which then stands in `exchange` or is sent."""
    levers = exchange.levers
    if levers is None or not levers.policy.reuses:
        return False
    try:
        body = await _body(exchange, runtime, levers)
    except Exception:  # noqa: BLE001  (the call goes on untouched)
        figures.fail_lever("exact_cache", "error")
        levers.entry = levers.reuse = None
        return False
    if body is None:
        return False
    await give(exchange, levers, body)
    return True


async def _body(exchange: Exchange, runtime: Runtime, levers: Levers) -> bytes | None:
    reuse = reuse_of(exchange, levers)
    if reuse is None or not concerns(levers, reuse):
        return None
    levers.is_triggered = True
    if not levers.may_act:
        stand_aside(levers, reuse)
        return None
    levers.reuse = reuse
    body = await first_found(exchange, runtime, levers, reuse)
    if body is None:
        levers.cache_status = _MISS
        _listen(exchange, reuse)
    return body


def _listen(exchange: Exchange, reuse: Reuse) -> None:
    """A stream is to be had whole at its end, where it is kept or compared."""
    is_wanted = reuse.is_keeping or bool(reuse.compared)
    if is_wanted and exchange.facts.is_stream and exchange.kept is None:
        exchange.kept = bytearray()
