"""Which lender is asked: the shared one, and while it is away this process's own."""

from collections.abc import Callable, Sequence
from itertools import chain

from apps.proxy.limits.books import Book
from apps.proxy.limits.local import LocalLender
from apps.proxy.limits.orders import Answer, Order, accept_local, accept_shared, mark_sent
from apps.proxy.limits.shared import AWAY, SharedLender

TIMEOUT_S = 0.05


class Lenders:
    """Asks Redis until it fails once, then lends locally until it answers a beat again.

    processes: how many live, from the last beat; before that what the constructor was told.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        process: str,
        processes: int,
        timeout_s: float,
        clock: Callable[[], int] | None,
    ) -> None:
        self._shared = SharedLender(
            url, prefix=prefix, process=process, timeout_s=timeout_s, clock=clock
        )
        self._local: LocalLender | None = None
        self.processes = max(1, processes)

    @property
    def is_shared(self) -> bool:
        """Whether Redis answered when it was last asked."""
        return self._local is None

    @property
    def _share(self) -> float:
        """Near the limit leases shrink to the exact need, because half of what is left is shared
        out among all processes at most.
        """
        return 0.5 / self.processes

    async def lend(self, book: Book, orders: Sequence[Order], at_s: float) -> list[Answer]:
        """Answer orders of one organization as a whole and enter the answers."""
        if self._local is None:
            try:
                return await self._lend_shared([(book, orders)], at_s)
            except AWAY:
                self._local = LocalLender(self.processes)
        answers = self._local.lend(orders, at_s=at_s)
        for order, answer in zip(orders, answers, strict=True):
            accept_local(order, answer, at_s)
        return answers

    async def report(self, batches: Sequence[tuple[Book, Sequence[Order]]], at_s: float) -> None:
        """Tell the shared accounts; what does not arrive is told again, rates excepted."""
        try:
            told = [batch for batch in batches if batch[1]]
            if told:
                await self._lend_shared(told, at_s)
        except AWAY:
            self._local = LocalLender(self.processes)

    async def _lend_shared(
        self, batches: Sequence[tuple[Book, Sequence[Order]]], at_s: float
    ) -> list[Answer]:
        orders = [orders for _, orders in batches]
        for order in chain.from_iterable(orders):
            mark_sent(order)
        answers = await self._shared.lend(orders, share=self._share, at_s=at_s)
        for (book, asked), told in zip(batches, answers, strict=True):
            for order, answer in zip(asked, told, strict=True):
                accept_shared(order, answer, at_s)
                book.news += [(order.account, order.alerts[i][0]) for i in answer.fired]
        return answers[0]

    async def beat(self) -> bool:
        """Say that this process lives, count the others, and find out whether Redis is there.

        True when it is back: then every open account has to be told.
        """
        was_away = self._local is not None
        try:
            self.processes = await self._shared.beat()
            self._local = None
        except AWAY:
            self._local = self._local or LocalLender(self.processes)
        return was_away and self._local is None

    async def close(self) -> None:
        """Leave the processes that share quotas."""
        await self._shared.close()
