"""Signals that ask us to stop, taken at moments of our choosing."""

import signal
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to stop."""


class Interrupts:
    """While entered, Ctrl-C and SIGTERM are counted instead of taking effect at once."""

    def __init__(self) -> None:
        self._count = 0
        self._at_check = 0

    def __enter__(self) -> "Interrupts":
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise Stopped when a signal has come."""
        if self._count:
            self._at_check = self._count
            raise Stopped

    @property
    def is_impatient(self) -> bool:
        """A further signal came after we began to stop."""
        return self._at_check > 0 and self._count > self._at_check

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
