"""Memory of each process while the soak goes on, and whether it stays what it is."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import time

from bench.relays.usage import family, rss_bytes
from bench.soaking.parts import PROGRAMS, Parts

_EVERY_SECONDS = 5.0
# A process that has just begun is not yet as large as it gets.
_GROWN_SECONDS = 45.0
_MEGA = 1e6
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory of one process: resident, of Postgres what its processes do not share."""

    at: float
    what: str
    pid: int
    mb: float


class Watch:
    """Looks at every process of the product again and again."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.samples: list[Sample] = []

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            self.samples += await asyncio.to_thread(lambda: list(self._seen(time())))
            await asyncio.sleep(_EVERY_SECONDS)

    def _seen(self, at: float) -> Iterator[Sample]:
        for what, pids in self._parts.running().items():
            for pid in pids:
                yield Sample(at, what, pid, _size(what, pid) / _MEGA)


def _size(what: str, pid: int) -> int:
    if what == "postgres":
        return sum(map(_unshared_bytes, family(pid)))
    if what == "gateway":  # its workers are looked at by themselves
        return _unshared_bytes(pid)
    return rss_bytes(pid)


def _unshared_bytes(pid: int) -> int:
    try:
        figures = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return (int(figures[1]) - int(figures[2])) * _PAGE_BYTES


@dataclass(frozen=True, slots=True)
class Growth:
    """Median MB of grown processes in the second and in the last quarter of the run. lives: how
    many processes that was; is_one: one process lived through both quarters.
    """

    what: str
    second_mb: float
    last_mb: float
    lives: int
    is_one: bool

    @property
    def ratio(self) -> float:
        return self.last_mb / self.second_mb


def growths(samples: Iterable[Sample], *, since: float, until: float) -> list[Growth]:
    """Of each part that was grown in both quarters; [since, until] is the run."""
    kept = list(samples)
    born: dict[tuple[str, int], float] = {}
    for each in kept:
        born.setdefault((each.what, each.pid), each.at)
    grown = [each for each in kept if each.at - born[each.what, each.pid] >= _GROWN_SECONDS]
    found = (_growth(what, grown, since, (until - since) / 4) for what in _names(grown))
    return [growth for growth in found if growth]


def _names(samples: Iterable[Sample]) -> list[str]:
    order = ("gateway worker", *PROGRAMS)
    return sorted({each.what for each in samples}, key=order.index)


def _growth(what: str, grown: list[Sample], since: float, quarter: float) -> Growth | None:
    own = [each for each in grown if each.what == what]
    second = [each for each in own if since + quarter <= each.at < since + 2 * quarter]
    last = [each for each in own if each.at >= since + 3 * quarter]
    both = {each.pid for each in second} & {each.pid for each in last}
    if both:  # the same process, of which nothing is explained by another's youth
        second, last = ([e for e in part if e.pid in both] for part in (second, last))
    if not second or not last:
        return None
    lives = len({each.pid for each in own})
    return Growth(what, _middle(second), _middle(last), lives, bool(both))


def _middle(samples: Iterable[Sample]) -> float:
    return median(each.mb for each in samples)
