"""What is replayed: so many calls, drawn from all sources, in the order of recorded arrivals."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from demo.conversations import Conversation
from demo.dressing import agent_conversations, choice_conversations, question_conversations
from demo.sources import own, recorded
from demo.sources.folders import NoData
from demo.sources.recorded import Answered

SEED = 20_261_121
# Of the calls; what a source does not have comes from the others.
SHARES: Mapping[str, float] = {"agent": 0.5, "question": 0.4, "choice": 0.1}


@dataclass(frozen=True, slots=True)
class Arriving:
    """A conversation, and at which second of the recorded trace it begins."""

    conversation: Conversation
    starts_s: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """calls: of all conversations together. absent: the data set that was not there, or ""."""

    arriving: Sequence[Arriving]
    absent: str = ""

    @property
    def calls(self) -> int:
        return sum(len(each.conversation.turns) for each in self.arriving)


class Source(Protocol):
    """A module of demo.sources that has everything."""

    def agent_runs(self) -> list[Any]: ...
    def questions(self) -> list[tuple[str, str]]: ...
    def answered(self) -> list[Answered]: ...
    def arrivals(self) -> list[float]: ...


def traffic(requests: int) -> Traffic:
    """The recorded sources, or our own set where one of them is absent; equal each time.

    Fewer calls than `requests` where there are no more.
    """
    try:
        return _traffic(requests, recorded)
    except NoData as error:
        return _traffic(requests, own, absent=str(error))


def _traffic(requests: int, source: Source, absent: str = "") -> Traffic:
    draws = random.Random(SEED)  # noqa: S311  # the same traffic each time
    chosen = _chosen(_pools(source), requests, draws)
    draws.shuffle(chosen)
    starts = sorted(_starts(source.arrivals(), len(chosen)))
    return Traffic([Arriving(*each) for each in zip(chosen, starts, strict=True)], absent)


def _pools(source: Source) -> dict[str, list[Conversation]]:
    return {
        "agent": agent_conversations(source.agent_runs()),
        "question": question_conversations(source.questions()),
        "choice": choice_conversations(source.answered()),
    }


def _chosen(
    pools: Mapping[str, list[Conversation]], requests: int, draws: random.Random
) -> list[Conversation]:
    """Of each source its share, then of any what is still missing."""
    for pool in pools.values():
        draws.shuffle(pool)
    chosen: list[Conversation] = []
    for name, pool in pools.items():
        chosen += _taken(pool, round(requests * SHARES[name]))
    for pool in pools.values():
        chosen += _taken(pool, requests - _calls(chosen))
    return chosen


def _taken(pool: list[Conversation], calls: int) -> Iterator[Conversation]:
    """Conversations out of the pool for so many calls; the last one may be cut short."""
    while pool and calls > 0:
        conversation = pool.pop()
        yield conversation if len(conversation.turns) <= calls else conversation.shortened(calls)
        calls -= len(conversation.turns)


def _calls(conversations: Iterable[Conversation]) -> int:
    return sum(len(each.turns) for each in conversations)


def _starts(arrivals: Sequence[float], count: int) -> Iterator[float]:
    """The first `count` arrivals; once they are over they begin anew."""
    last = max(arrivals)
    for number in range(count):
        again, place = divmod(number, len(arrivals))
        yield again * last + arrivals[place]
