"""The accounts of one organization in this process."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from apps.proxy.limits.accounts import Account
from apps.proxy.limits.rules import window_of
from apps.tenants.access import Limit


class Book:
    """An organization's accounts. lock: one message about them at a time, so that they stay in
    order.
    """

    __slots__ = (
        "_by_limit",
        "_by_object",
        "_past",
        "_prefix",
        "_process",
        "lock",
        "news",
        "organization_id",
    )

    def __init__(self, organization_id: UUID, *, prefix: str, process: str) -> None:
        # The braces are Redis Cluster's hash tag: one organization, one slot, one script.
        self._prefix, self._process = f"{prefix}:limits:{{{organization_id}}}", process
        self._by_object: dict[int, Account] = {}
        self._by_limit: dict[UUID, Account] = {}
        self._past: list[Account] = []
        self.organization_id = organization_id
        self.lock = asyncio.Lock()
        self.news: list[tuple[Account, str]] = []

    def __iter__(self) -> Iterator[Account]:
        yield from self._by_limit.values()
        yield from self._past

    def accounts(
        self, limits: Sequence[Limit], at: datetime, at_s: float, known_at: datetime | None
    ) -> list[Account]:
        """The accounts of `limits` in the windows of `at`."""
        found = []
        for limit in limits:
            account = self._by_object.get(id(limit))
            # An id may come back once its object is gone.
            if account is None or account.limit is not limit or at_s >= account.window.end_s:
                account = self._adopt(limit, at, at_s, known_at)
            found.append(account)
        return found

    def _adopt(self, limit: Limit, at: datetime, at_s: float, known_at: datetime | None) -> Account:
        """The account of a limit that is new, reworded, or whose window is over."""
        account = self._by_limit.get(limit.id)
        is_over = account is not None and at_s >= account.window.end_s
        is_news = account is None or account.limit is not limit
        if account is not None:
            self._by_object.pop(id(account.limit), None)
        if account is None or is_over:
            account = self._open(limit, at, past=account)
        account.adopt(limit)
        if known_at is not None or is_news:
            account.know_spending(limit, known_at or at)
        self._by_object[id(limit)] = account
        return account

    def _open(self, limit: Limit, at: datetime, *, past: Account | None) -> Account:
        if past is not None:
            self._past.append(past)
        window = window_of(limit, at)
        key = f"{self._prefix}:{limit.id}:{window.name}"
        account = Account(limit, window, key=key, process=self._process)
        self._by_limit[limit.id] = account
        return account

    @property
    def is_quiet(self) -> bool:
        """Nothing is open, leased or to be told."""
        return all(account.is_quiet for account in self)

    def forget(self, at_s: float) -> bool:
        """Let go of accounts that nobody asked for of late; whether none is left."""
        kept = [account for account in self if not account.is_forgettable(at_s)]
        current = {id(account) for account in self._by_limit.values()}
        self._past = [account for account in kept if id(account) not in current]
        self._by_limit = {a.limit.id: a for a in kept if id(a) in current}
        self._by_object = {id(account.limit): account for account in self._by_limit.values()}
        return not kept and not self.news
