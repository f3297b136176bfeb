"""The door to limits: reserve the worst case of a call, settle what it came to."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, takewhile
from math import inf
from typing import Literal
from uuid import UUID

from apps.kernel.clock import utc_now
from apps.kernel.events import Alert
from apps.proxy.limits.accounts import Account
from apps.proxy.limits.books import Book
from apps.proxy.limits.holds import UNLIMITED, Hold
from apps.proxy.limits.lenders import TIMEOUT_S, Lenders
from apps.proxy.limits.orders import Answer, Order, order_call, order_report
from apps.proxy.limits.refusals import refusal, wait_ms
from apps.proxy.limits.rules import BUDGET, NANO, TOKENS, nano_usd
from apps.tenants.access import Limit

logger = logging.getLogger(__name__)

TICK_S = 0.5
LONGEST_CALL_S = 3600.0
# For this long after a refusal, the same wish is refused without asking again.
DRY_S = 0.05
BATCH = 64
SWEEP_S = 60.0


@dataclass(frozen=True, slots=True)
class LimiterState:
    """mode: `shared` counts with all processes, `local` with this process's share of each limit."""

    mode: Literal["shared", "local"]
    processes: int
    open_count: int


class Limiter:
    """Limits of all organizations, in one process of several.

    redis_url: where the shared counters are. processes: how many gateway processes there are until
    their beats have been counted. prefix: starts every key. timeout_s: how long Redis is waited
    for. clock: Unix ms for the shared counters, None for the server's.
    Call `start` before and `close` after use; between them `tick` runs in the background.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        processes: int = 1,
        prefix: str = "netra",
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._prefix, self._process = prefix, secrets.token_hex(6)
        self._lenders = Lenders(
            redis_url,
            prefix=prefix,
            process=self._process,
            processes=processes,
            timeout_s=timeout_s,
            clock=clock,
        )
        self._books: dict[UUID, Book] = {}
        self._busy: dict[UUID, Book] = {}
        self._open: dict[Hold, None] = {}
        self._swept_s = 0.0
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Say that this process lives, count the others, and keep the books in the background."""
        await self._lenders.beat()
        self._ticking = asyncio.create_task(self._tick_forever())

    async def close(self) -> None:
        """Give every lease back and leave. Open calls keep what they hold until it expires."""
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        for book in self._busy.values():
            for account in book:
                account.touched_s = 0.0
        await self._report_all(utc_now().timestamp())
        await self._lenders.close()

    @property
    def state(self) -> LimiterState:
        """For /readyz."""
        mode: Literal["shared", "local"] = "shared" if self._lenders.is_shared else "local"
        return LimiterState(mode, self._lenders.processes, len(self._open))

    async def reserve(
        self,
        limits: Sequence[Limit],
        *,
        organization_id: UUID,
        tokens: int,
        usd: Decimal | None,
        at: datetime,
        known_at: datetime | None = None,
    ) -> Hold:
        """Reserve one request, one slot, `tokens` and `usd` of every limit, or of none.

        limits: all that bind the call; all of this organization. tokens, usd: the worst case; None
        for a call without a price. at: aware UTC; decides in which budget window the call lies.
        known_at: when the limits' spent_usd was read, None for now. Raises LimitReached. Usually
        needs no round trip, never waits longer than Redis' timeout.
        """
        if not limits:
            return UNLIMITED
        book = self._books.get(organization_id) or self._open_book(organization_id)
        at_s = at.timestamp()
        accounts = book.accounts(limits, at, at_s, known_at)
        needs = (1, tokens, 1, 0 if usd is None else nano_usd(usd))
        return self._take(book, accounts, needs, at_s) or await self._borrow(
            book, accounts, needs, at_s
        )

    def settle(self, hold: Hold, *, tokens: int, usd: Decimal | None) -> None:
        """Enter what a call came to and free its slots; once, whatever is called how often.

        usd: None when it cannot be known: then the reserved worst case stands.
        """
        if hold.is_settled or hold.book is None:
            return
        hold.is_settled = True
        self._open.pop(hold, None)
        nanos = hold.needs[BUDGET] if usd is None else nano_usd(usd)
        actual = (1, tokens, 0, nanos)
        for account in hold.accounts:
            account.settle(hold.needs[account.unit], actual[account.unit])
        self._busy[hold.book.organization_id] = hold.book

    def take_alerts(self, organization_id: UUID) -> list[Alert]:
        """Alerts of an organization that no hold has carried yet; each is given once."""
        book = self._books.get(organization_id)
        return _alerts(book) if book and book.news else []

    def _open_book(self, organization_id: UUID) -> Book:
        book = Book(organization_id, prefix=self._prefix, process=self._process)
        self._books[organization_id] = book
        return book

    def _take(
        self, book: Book, accounts: Sequence[Account], needs: Sequence[int], at_s: float
    ) -> Hold | None:
        """Take a call's needs out of the leases of this process, or nothing at all."""
        for account in accounts:
            if account.free < needs[account.unit]:
                return None
        for account in accounts:
            need = needs[account.unit]
            account.free -= need
            account.inflight += need
            account.touched_s = at_s
        hold = Hold(book, accounts, needs, at_s)
        self._open[hold] = None
        self._busy[book.organization_id] = book
        if book.news:
            hold.alerts = _alerts(book)
        return hold

    async def _borrow(
        self, book: Book, accounts: Sequence[Account], needs: Sequence[int], at_s: float
    ) -> Hold:
        """Ask the lender until the call fits or is refused; calls that came before may have taken
        what was lent.
        """
        self._busy[book.organization_id] = book
        for account in accounts:
            account.touched_s = at_s
        async with book.lock:
            while True:
                hold = self._take(book, accounts, needs, at_s)
                if hold is not None:
                    return hold
                _refuse_while_dry(accounts, needs, at_s)
                processes = self._lenders.processes
                orders = [
                    order_call(a, needs[a.unit], at_s=at_s, processes=processes) for a in accounts
                ]
                answers = await self._lenders.lend(book, orders, at_s)
                _refuse(orders, answers, needs, at_s)

    async def tick(self, at: datetime) -> None:
        """Tell what changed, give back what lies idle, and settle what nobody settled."""
        at_s = at.timestamp()
        self._settle_overdue(at_s)
        if await self._lenders.beat():
            self._tell_again()
        await self._report_all(at_s)
        if at_s - self._swept_s >= SWEEP_S:
            self._sweep(at_s)

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick(utc_now())
            except Exception:
                logger.exception("limits_tick_failed")

    def _settle_overdue(self, at_s: float) -> None:
        """A hold that outlived every call was forgotten; it counts at its worst case."""
        # The oldest stand first.
        overdue = takewhile(lambda hold: at_s - hold.at_s >= LONGEST_CALL_S, self._open)
        for hold in list(overdue):
            self.settle(hold, tokens=hold.needs[TOKENS], usd=None)

    def _tell_again(self) -> None:
        for account in chain.from_iterable(self._busy.values()):
            account.told_s, account.is_late = 0.0, account.used != account.told

    def _sweep(self, at_s: float) -> None:
        """Bound what is remembered of organizations and limits that are gone."""
        self._swept_s = at_s
        for organization_id, book in list(self._books.items()):
            if book.forget(at_s) and organization_id not in self._busy:
                del self._books[organization_id]

    async def _report_all(self, at_s: float) -> None:
        if not self._lenders.is_shared:
            return
        books = [book for book in self._busy.values() if not book.lock.locked()]
        for start in range(0, len(books), BATCH):
            await self._report(books[start : start + BATCH], at_s)

    async def _report(self, books: Sequence[Book], at_s: float) -> None:
        for book in books:
            await book.lock.acquire()
        try:
            await self._lenders.report(
                [(book, [o for a in book if (o := order_report(a, at_s))]) for book in books], at_s
            )
        finally:
            for book in books:
                book.lock.release()
        for book in books:
            if book.is_quiet:
                self._busy.pop(book.organization_id, None)


def _refuse_while_dry(accounts: Sequence[Account], needs: Sequence[int], at_s: float) -> None:
    """Spare Redis a client that hammers a limit which has just run out."""
    for account in accounts:
        need = needs[account.unit]
        is_dry = at_s < account.dry_until_s and account.free < account.dry_need <= need
        if is_dry and not account.returned:
            answer = Answer(0, account.seen or 0, account.level)
            raise refusal(account, need, answer, at_s)


def _refuse(
    orders: Sequence[Order], answers: Sequence[Answer], needs: Sequence[int], at_s: float
) -> None:
    """Raise for the order that keeps the call waiting longest, if any had to be refused."""
    short = [
        (order, answer)
        for order, answer in zip(orders, answers, strict=True)
        if order.need and not answer.granted and order.need > answer.available
    ]
    if not short:
        return
    order, answer = max(short, key=lambda pair: _patience(pair[0], pair[1], at_s))
    account = order.account
    account.dry_need, account.dry_until_s = needs[account.unit], at_s + DRY_S
    raise refusal(account, needs[account.unit], answer, at_s)


def _patience(order: Order, answer: Answer, at_s: float) -> float:
    wait = wait_ms(order.account, order.need, answer, at_s)
    return inf if wait is None else wait


def _alerts(book: Book) -> list[Alert]:
    news, book.news = book.news, []
    return [
        Alert(
            limit_id=account.limit.id,
            fraction=Decimal(fraction),
            window=account.window.name,
            amount_usd=account.limit.amount,
            spent_usd=account.level / NANO,
        )
        for account, fraction in news
    ]
