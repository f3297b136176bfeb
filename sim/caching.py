"""Modelled prompt caches: what a provider would still know of the beginning of a prompt.

Only digests of prefixes are kept, for each API key and model, with the moment they end.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sim.tokens import WIDTH, Segment

MINIMUM_TOKENS, STEP_TOKENS = 1024, 128
LIFETIMES = {"5m": 300.0, "1h": 3600.0}
MOST_MARKS = 4
_LOOKBACK_SEGMENTS = 20
_MOST_PREFIXES = 200_000


@dataclass(frozen=True)
class CacheUse:
    """Tokens of one prompt read from the cache, and written to it for each lifetime."""

    read: int = 0
    written: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIFETIMES, 0))

    @property
    def written_total(self) -> int:
        return sum(self.written.values())


class PromptCache:
    """Prefixes seen before. `clock` gives seconds and may be a test's own."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def automatic(self, owner: str, segments: Sequence[Segment]) -> CacheUse:
        """OpenAI's rule: read and write prefixes of at least 1024 tokens in steps of 128."""
        digests = list(_step_digests(owner, b"".join(s.row for s in segments)))
        known = [tokens for tokens, digest in digests if self._is_alive(digest)]
        for _, digest in digests:
            self._remember(digest, "5m")
        read, longest = max(known, default=0), max((t for t, _ in digests), default=0)
        return CacheUse(read, {"5m": longest - read})

    def marked(self, owner: str, segments: Sequence[Segment]) -> CacheUse:
        """Anthropic's rule: read the longest prefix written before, write up to each mark.

        A prefix is looked for at the marks and at most 20 segments before each.
        """
        ends = list(_segment_ends(owner, segments))
        marks = [n for n, s in enumerate(segments) if s.mark and ends[n][0] >= MINIMUM_TOKENS]
        near = {n for mark in marks for n in range(max(0, mark - _LOOKBACK_SEGMENTS), mark + 1)}
        known = [ends[n] for n in near if self._is_alive(ends[n][1])]
        use = CacheUse(max((tokens for tokens, _ in known), default=0))
        for _, digest in known:
            self._remember(digest, self._ends[digest][1])
        for mark in marks:
            self._write(use, segments[mark].mark or "5m", *ends[mark])
        return use

    def _write(self, use: CacheUse, lifetime: str, tokens: int, digest: bytes) -> None:
        use.written[lifetime] += max(0, tokens - use.read - use.written_total)
        self._remember(digest, lifetime)

    def _is_alive(self, digest: bytes) -> bool:
        return self._ends.get(digest, (0.0, ""))[0] > self._clock()

    def _remember(self, digest: bytes, lifetime: str) -> None:
        ends_at = self._clock() + LIFETIMES[lifetime]
        self._ends[digest] = max(self._ends.get(digest, (0.0, "")), (ends_at, lifetime))
        self._ends.move_to_end(digest)
        while len(self._ends) > _MOST_PREFIXES:
            self._ends.popitem(last=False)


def _step_digests(owner: str, row: bytes) -> Iterator[tuple[int, bytes]]:
    hashed, step = hashlib.sha256(owner.encode()), STEP_TOKENS * WIDTH
    for start in range(0, len(row) - step + 1, step):
        hashed.update(row[start : start + step])
        tokens = (start + step) // WIDTH
        if tokens >= MINIMUM_TOKENS:
            yield tokens, hashed.digest()


def _segment_ends(owner: str, segments: Sequence[Segment]) -> Iterator[tuple[int, bytes]]:
    hashed, tokens = hashlib.sha256(owner.encode()), 0
    for segment in segments:
        hashed.update(segment.row)
        tokens += segment.count
        yield tokens, hashed.digest()
