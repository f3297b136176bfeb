"""One decision: the requested model, or a cheaper one that is certified, able and fast enough."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.optimization.routing.abilities import Abilities, Needs, lacking
from apps.optimization.routing.switching import pays_to_switch


@dataclass(frozen=True, slots=True)
class Route:
    """A cheaper model that the policy allows. `threshold` as certified; None serves nothing.

    `price_ratio`: its price over the requested model's; `gain` expected of this request.
    """

    model: str
    price_ratio: float
    abilities: Abilities
    threshold: float | None
    gain: float


@dataclass(frozen=True, slots=True)
class Choice:
    """`model` None: leave the request as it is. `reason`: routed, pinned, or why none was."""

    model: str | None
    reason: str


def choose(
    routes: Sequence[Route],
    needs: Needs,
    *,
    pinned: str | None = None,
    is_warm: bool = False,
    calls_left: float = 0.0,
    most_latency_ms: float | None = None,
) -> Choice:
    """The cheapest route that nothing speaks against, else why the last one tried was not taken.

    `pinned`: the model of a running conversation, which stays as long as it is able; `is_warm`:
    its prefix is cached at the requested model; `most_latency_ms` to the first byte.
    """
    reason = "no_route"
    for route in sorted(routes, key=lambda route: route.price_ratio):
        if pinned is not None and route.model != pinned:
            reason = "pinned"
            continue
        against = _against(route, needs, most_latency_ms) or (
            None if pinned else _uncertified(route, calls_left, is_warm=is_warm)
        )
        if against is None:
            return Choice(route.model, "pinned" if pinned else "routed")
        reason = against
    return Choice(None, reason)


def _against(route: Route, needs: Needs, most_latency_ms: float | None) -> str | None:
    missing = lacking(needs, route.abilities)
    if missing:
        return f"lacks_{missing}"
    latency = route.abilities.latency_ms
    is_slow = most_latency_ms is not None and latency is not None and latency > most_latency_ms
    return "slow" if is_slow else None


def _uncertified(route: Route, calls_left: float, *, is_warm: bool) -> str | None:
    if route.threshold is None:
        return "uncertified"
    if route.gain < route.threshold:
        return "gain_too_low"
    pays = pays_to_switch(route.price_ratio, calls_left=calls_left, is_warm=is_warm)
    return None if pays else "cache_is_warm"
