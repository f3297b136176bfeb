"""How often prefixes come back in time, learnt from past arrivals only, in bounded memory."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from apps.optimization.prefix.blocks import Boundary

LIVES_S = (300.0, 3_600.0)  # of Anthropic's two kinds of entries

# Chosen on the first half of the Mooncake trace; see docs/benchmarks.md.
_PRIOR, _PRIOR_WEIGHT = 0.5, 4.0
_CLASS_WEIGHT, _OWN_WEIGHT = 20.0, 8.0
_SEEN_STEPS = (1, 2, 3, 4, 8)
_SMALLEST, _SIZES = 128, 9

_Class = tuple[str | bytes | int, ...]


@dataclass(slots=True)
class _Arrival:
    """A prefix that arrived, until it is known whether it came back."""

    at_s: float
    classes: tuple[_Class, ...]
    after_s: float = float("inf")


@dataclass(slots=True)
class _Prefix:
    last_s: float
    seen: int = 1
    returns: list[int] = field(default_factory=lambda: [0, 0])
    open: _Arrival | None = None
    live_until_s: float = 0.0
    life: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Boundaries next to each other that have arrived equally often, `end` the last one's index.

    `tokens` of the stretch alone; `returns` the probability that its end comes back within each of
    LIVES_S.
    """

    end: int
    tokens: int
    seen: int
    returns: tuple[float, float]

    @property
    def reads(self) -> tuple[float, float]:
        """Expected reads per write for each life: until the first gap longer than it.

        A prefix that nobody has sent before is credited with the next call's read only: what
        comes later could as well be had by writing then.
        """
        first, second = self.returns
        return (first, second) if not self.seen else (_odds(first), _odds(second))


class PrefixStatistics:
    """Arrivals of prefixes, those longest unseen forgotten first."""

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._prefixes: OrderedDict[bytes, _Prefix] = OrderedDict()
        self._tallies: OrderedDict[tuple[int, _Class], list[int]] = OrderedDict()
        self._waiting: tuple[deque[_Arrival], ...] = (
            deque(maxlen=capacity),
            deque(maxlen=capacity),
        )

    def __len__(self) -> int:
        return len(self._prefixes)

    def arrive(
        self, boundaries: Sequence[Boundary], *, namespace: str, at_s: float
    ) -> list[Stretch]:
        """What was known of these prefixes before, then counts this arrival. `at_s` never falls."""
        self._settle(at_s)
        found = self._stretches(boundaries, namespace, at_s)
        for boundary in boundaries:
            self._count(boundary.digest, at_s)
        for stretch, arrival in found:
            self._prefixes[boundaries[stretch.end].digest].open = arrival
        self._forget()
        return [stretch for stretch, _ in found]

    def live(self, boundaries: Sequence[Boundary], *, at_s: float) -> tuple[int, int]:
        """The last boundary that the provider still keeps, and its life's index; (-1, 0): none."""
        for end in range(len(boundaries) - 1, -1, -1):
            prefix = self._prefixes.get(boundaries[end].digest)
            if prefix and prefix.live_until_s >= at_s:
                return end, prefix.life
        return -1, 0

    def keep_alive(self, digest: bytes, *, life: int, at_s: float) -> None:
        """The provider was told to keep this prefix for LIVES_S[life]."""
        if prefix := self._prefixes.get(digest):
            prefix.live_until_s, prefix.life = at_s + LIVES_S[life], life

    def _settle(self, at_s: float) -> None:
        """Count what has become of the arrivals whose time is over, in their own order."""
        for life, (limit_s, waiting) in enumerate(zip(LIVES_S, self._waiting, strict=True)):
            while waiting and waiting[0].at_s + limit_s < at_s:
                arrival = waiting.popleft()
                for kind in arrival.classes:
                    tally = self._tallies.setdefault((life, kind), [0, 0])
                    tally[0] += 1
                    tally[1] += arrival.after_s <= limit_s
                    self._tallies.move_to_end((life, kind))

    def _stretches(
        self, boundaries: Sequence[Boundary], namespace: str, at_s: float
    ) -> list[tuple[Stretch, _Arrival]]:
        prefixes = [self._prefixes.get(boundary.digest) for boundary in boundaries]
        found, before = [], 0
        for seen, places in groupby(range(len(boundaries)), lambda n: _seen(prefixes[n])):
            end = list(places)[-1]
            tokens = boundaries[end].tokens - before
            before = boundaries[end].tokens
            classes = _classes(namespace, boundaries[0].digest, seen, tokens)
            returns = self._returns(prefixes[end], classes)
            found.append((Stretch(end, tokens, seen, returns), self._await(at_s, classes)))
        return found

    def _await(self, at_s: float, classes: tuple[_Class, ...]) -> _Arrival:
        arrival = _Arrival(at_s, classes)
        for waiting in self._waiting:
            waiting.append(arrival)
        return arrival

    def _returns(self, prefix: _Prefix | None, classes: tuple[_Class, ...]) -> tuple[float, float]:
        first, second = (self._class_return(life, classes) for life in range(len(LIVES_S)))
        if prefix is None:
            return first, second
        own, weight = prefix.returns, prefix.seen - 1 + _OWN_WEIGHT
        return (own[0] + first * _OWN_WEIGHT) / weight, (own[1] + second * _OWN_WEIGHT) / weight

    def _class_return(self, life: int, classes: tuple[_Class, ...]) -> float:
        """From the widest class to the narrowest, each drawn towards the one before."""
        estimate, weight = _PRIOR, _PRIOR_WEIGHT
        for kind in classes:
            arrived, returned = self._tallies.get((life, kind), (0, 0))
            estimate = (returned + estimate * weight) / (arrived + weight)
            weight = _CLASS_WEIGHT
        return estimate

    def _count(self, digest: bytes, at_s: float) -> None:
        prefix = self._prefixes.get(digest)
        if prefix is None:
            self._prefixes[digest] = _Prefix(at_s)
            return
        gap_s = at_s - prefix.last_s
        prefix.returns = [n + (gap_s <= s) for n, s in zip(prefix.returns, LIVES_S, strict=True)]
        prefix.seen, prefix.last_s = prefix.seen + 1, at_s
        if prefix.open:
            prefix.open.after_s = gap_s
            prefix.open = None
        self._prefixes.move_to_end(digest)

    def _forget(self) -> None:
        while len(self._prefixes) > self._capacity:
            self._prefixes.popitem(last=False)
        while len(self._tallies) > self._capacity:
            self._tallies.popitem(last=False)


def _classes(namespace: str, root: bytes, seen: int, tokens: int) -> tuple[_Class, ...]:
    often = sum(seen >= step for step in _SEEN_STEPS)
    size = min((tokens // _SMALLEST + 1).bit_length() - 1, _SIZES - 1)
    return (namespace, often), (namespace, root, often), (namespace, root, often, size)


def _seen(prefix: _Prefix | None) -> int:
    return prefix.seen if prefix else 0


def _odds(probability: float) -> float:
    return probability / (1 - probability) if probability < 1 else float("inf")
