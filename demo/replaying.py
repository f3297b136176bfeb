"""Each recorded call to all customers one right after the other, and to the provider without us.

A step of a conversation goes out once the one before it has been answered to everybody, so that
all see the same order, and the provider's own prompt cache is as warm for each.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from demo.carriers import Carrier
from demo.conversations import Conversation
from demo.journal import Carried, Journal
from demo.traffic import Arriving

AT_ONCE = 2  # conversations


@dataclass(slots=True)
class Replay:
    """speed: of the recorded arrival times; None: as fast as AT_ONCE conversations go.

    tell: after each step, with whether it was carried just now. stop: set to let the calls that
    are under way end, and begin no more.
    """

    carriers: Sequence[Carrier]
    journal: Journal
    stop: asyncio.Event
    tell: Callable[[], None]
    speed: float | None = None

    async def run(self, arriving: Sequence[Arriving]) -> bool:
        """Carry what is not in the journal yet; whether all of it was carried."""
        began, waiting = asyncio.get_running_loop().time(), iter(arriving)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(waiting, began))
        return not self.stop.is_set()

    async def _work(self, waiting: Iterator[Arriving], began: float) -> None:
        for each in waiting:
            await self._arrive(each.starts_s, began)
            await self._carry(each.conversation)
            if self.stop.is_set():
                return

    async def _arrive(self, starts_s: float, began: float) -> None:
        if self.speed is None:
            return
        seconds = began + starts_s / self.speed - asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(self.stop.wait(), max(seconds, 0))
        except TimeoutError:
            return

    async def _carry(self, conversation: Conversation) -> None:
        for turn in conversation.turns:
            if self.stop.is_set():
                return
            for each in self.carriers:
                await self._ask(each, conversation, turn)
            self.tell()

    async def _ask(self, carrier: Carrier, conversation: Conversation, turn: int) -> None:
        if self.journal.has(carrier.name, conversation, turn):
            return
        answer = await carrier.ask(conversation, turn)
        self.journal.add(Carried.of(carrier.name, conversation, turn, answer))
