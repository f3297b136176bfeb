"""Where cache marks pay, and which of them the client has not set already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.optimization.prefix.blocks import (
    TTLS,
    Block,
    Boundary,
    Path,
    UnknownShape,
    anthropic_blocks,
    boundaries,
)
from apps.optimization.prefix.minimums import minimum_tokens
from apps.optimization.prefix.statistics import PrefixStatistics, Stretch

MOST_MARKS = 4
LOOKBACK = 20  # positions that the provider checks before a mark, the mark's own among them


@dataclass(frozen=True, slots=True)
class CachePrices:
    """Multiples of the price of an uncached input token: a read, and a write for each of TTLS."""

    read: float = 0.1
    writes: tuple[float, float] = (1.25, 2.0)

    def gains(self, stretch: Stretch) -> tuple[float, float]:
        """Saved per token of the stretch by writing it now, for each life; below 0 it costs.

        At the default prices above 0 iff expected reads per write exceed 0.28 and 1.11.
        """
        first, second = (
            (1 - self.read) * reads - (write - 1)
            for reads, write in zip(stretch.reads, self.writes, strict=True)
        )
        return first, second

    def cost(self, stretch: Stretch, life: int) -> float:
        """Of one arrival in the long run, when every arrival is marked."""
        returns = stretch.returns[life]
        return returns * self.read + (1 - returns) * self.writes[life]


@dataclass(frozen=True, slots=True)
class Mark:
    """One `cache_control` to add: to the block at `path`, or to the string that stands there."""

    path: Path
    ttl: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to add to one call, and why. `reason`: marked, client_marked, too_short, few_reads,
    no_room or unknown_shape; `expected_reads` per write at the last mark; `kept` the digests that
    the provider keeps once the call is sent with the marks, each with the index of its life."""

    marks: tuple[Mark, ...]
    reason: str
    expected_reads: float = 0.0
    kept: tuple[tuple[bytes, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """The boundary up to which to cache, the last one of the longer life (-1: none), and reads."""

    end: int
    longer: int
    reads: float


class PromptCachePlanner:
    """Plans the marks of Anthropic calls of many namespaces, in bounded memory.

    `key`: 16 to 64 secret bytes; nothing but keyed digests of prompts is held.
    """

    def __init__(
        self, *, key: bytes, prices: CachePrices | None = None, capacity: int = 50_000
    ) -> None:
        self._key = key
        self._prices = prices or CachePrices()
        self._statistics = PrefixStatistics(capacity)

    def plan(self, request: Mapping[str, Any], *, namespace: str, model: str, at_s: float) -> Plan:
        """Counts the call and says which marks to add: for each call once, in both arms.

        `request` the parsed body; `namespace` names organization and project; `at_s` seconds of
        a clock that never falls. Call `applied` once the marks really go out.
        """
        try:
            blocks = anthropic_blocks(request)
        except UnknownShape:
            return Plan((), "unknown_shape")
        if not blocks:
            return Plan((), "unknown_shape")
        ends = boundaries(blocks, key=self._key, seed=f"{namespace}\0{model}".encode())
        target = self.target(ends, namespace=namespace, at_s=at_s)
        live, life = self._statistics.live(ends, at_s=at_s)
        self._keep_clients(request, blocks, ends, at_s)
        draft = _Draft(request, blocks, ends, target, live, life, minimum_tokens(model))
        return draft.plan()

    def target(self, ends: Sequence[Boundary], *, namespace: str, at_s: float) -> Target:
        """Counts an arrival of these prefixes, and says up to which of them caching pays."""
        live, life = self._statistics.live(ends, at_s=at_s)
        stretches = self._statistics.arrive(ends, namespace=namespace, at_s=at_s)
        return best_target(stretches, self._prices, live=live, life=life)

    def applied(self, plan: Plan, *, at_s: float) -> None:
        """The call went out with the marks of `plan`."""
        for digest, life in plan.kept:
            self._statistics.keep_alive(digest, life=life, at_s=at_s)

    def _keep_clients(
        self,
        request: Mapping[str, Any],
        blocks: Sequence[Block],
        ends: Sequence[Boundary],
        at_s: float,
    ) -> None:
        for place, ttl in _clients(request, blocks).items():
            self._statistics.keep_alive(ends[place].digest, life=TTLS.index(ttl), at_s=at_s)


def best_target(
    stretches: Sequence[Stretch], prices: CachePrices, *, live: int, life: int
) -> Target:
    """Where the summed gain over the stretches is greatest. What is `live` costs nothing more."""
    best, best_gain, gain, longer = Target(live, live if life else -1, 0.0), 0.0, 0.0, -1
    may_be_longer = True
    for stretch in stretches:
        if stretch.end <= live:
            best = replace(best, reads=stretch.reads[life])
            continue
        chosen, value = _better(stretch, prices, may_be_longer=may_be_longer)
        may_be_longer = chosen == 1
        longer = stretch.end if may_be_longer else longer
        gain += value * stretch.tokens
        if gain > best_gain:
            end = Target(stretch.end, max(longer, best.longer), stretch.reads[chosen])
            best, best_gain = end, gain
    return best


def _better(stretch: Stretch, prices: CachePrices, *, may_be_longer: bool) -> tuple[int, float]:
    """The life (an index) to write it with, and the gain per token."""
    first, second = prices.gains(stretch)
    longer_pays = second > 0 and prices.cost(stretch, 1) < prices.cost(stretch, 0)
    return (1, second) if may_be_longer and longer_pays else (0, first)


@dataclass(frozen=True, slots=True)
class _Draft:
    request: Mapping[str, Any]
    blocks: Sequence[Block]
    ends: Sequence[Boundary]
    target: Target
    live: int
    life: int
    minimum: int

    def plan(self) -> Plan:
        clients = _clients(self.request, self.blocks)
        room = MOST_MARKS - _count(self.request, self.blocks)
        wanted = self._wanted()
        missing = [place for place in wanted if place not in clients]
        if not missing or room <= 0:
            return Plan((), self._why_not(wanted, missing), self.target.reads)
        chosen = {place: self._ttl(place, clients) for place in sorted(missing[:room])}
        marks = tuple(Mark(self.blocks[place].path, ttl) for place, ttl in chosen.items())
        return Plan(marks, "marked", self.target.reads, self._kept(chosen))

    def _kept(self, chosen: Mapping[int, str]) -> tuple[tuple[bytes, int], ...]:
        """What is written, and the entry that is read, whose life begins anew."""
        lives = {place: TTLS.index(ttl) for place, ttl in chosen.items()}
        if self.live >= 0:
            lives.setdefault(self.live, self.life)
        return tuple((self.ends[place].digest, life) for place, life in lives.items())

    def _why_not(self, wanted: Sequence[int], missing: Sequence[int]) -> str:
        if missing:
            return "no_room"
        if wanted:
            return "client_marked"
        return "few_reads" if self.ends[-1].tokens >= self.minimum else "too_short"

    def _wanted(self) -> list[int]:
        """Places by importance: the end, what the provider must find again, where others branch."""
        end = self.target.end
        places = [end, *self._bridges(end), self.target.longer, *self._heads()]
        found = [self._markable(place) for place in places if 0 <= place <= end]
        return list(dict.fromkeys(place for place in found if place is not None))

    def _bridges(self, end: int) -> list[int]:
        """A live entry farther back than the provider looks needs a mark of its own."""
        return [self.live] if self.live >= 0 and end - self.live >= LOOKBACK else []

    def _heads(self) -> list[int]:
        """The ends of system and tools, which other conversations share."""
        kinds = [block.path[0] for block in self.blocks]
        return [len(kinds) - 1 - kinds[::-1].index(k) for k in ("system", "tools") if k in kinds]

    def _markable(self, place: int) -> int | None:
        """The last place up to here that may hold a mark, or holds the client's, or None."""
        for n in range(place, max(place - LOOKBACK, -1), -1):
            if self.ends[n].tokens < self.minimum:
                return None
            if self.blocks[n].is_markable or self.blocks[n].ttl:
                return n
        return None

    def _ttl(self, place: int, clients: Mapping[int, str]) -> str:
        """The longer life comes first in a request; a client's marks decide where they stand."""
        if any(at > place and ttl == TTLS[1] for at, ttl in clients.items()):
            return TTLS[1]
        if any(at < place and ttl == TTLS[0] for at, ttl in clients.items()):
            return TTLS[0]
        return TTLS[place <= self.target.longer]


def _clients(request: Mapping[str, Any], blocks: Sequence[Block]) -> dict[int, str]:
    """The client's marks by place; one at the top of the request stands at the last block."""
    found = {n: block.ttl for n, block in enumerate(blocks) if block.ttl in TTLS}
    automatic = request.get("cache_control")
    if isinstance(automatic, dict) and automatic.get("ttl", TTLS[0]) in TTLS:
        found.setdefault(len(blocks) - 1, automatic.get("ttl", TTLS[0]))
    return {n: ttl for n, ttl in found.items() if ttl}


def _count(request: Mapping[str, Any], blocks: Sequence[Block]) -> int:
    return sum(block.marks for block in blocks) + isinstance(request.get("cache_control"), dict)
