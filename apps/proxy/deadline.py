"""The time that a whole call may take."""

import asyncio
from types import TracebackType
from typing import Any

from apps.proxy.failures import TotalTimeout


class Deadline:
    """Cancels what runs in the block after so many seconds, which then raises TotalTimeout.

    As asyncio.timeout, in half of its time: every call has one, and hardly any needs it.
    """

    __slots__ = ("_is_over", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_over = False
        self._task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if self._is_over and self._task:
            self._task.uncancel()
            if kind is asyncio.CancelledError:
                raise TotalTimeout from error

    def _expire(self) -> None:
        self._is_over = True
        if self._task:
            self._task.cancel()
