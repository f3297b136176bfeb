"""How far it is: one line that is written over on a terminal, else a line for each tenth."""

import sys
import time
from typing import TextIO

_WIDTH, _SECONDS = 30, 0.2


class Progress:
    """Counts steps up to `total`, `done` of which were made before."""

    def __init__(self, total: int, done: int = 0, file: TextIO = sys.stdout) -> None:
        self._total, self._done, self._before = total, done, done
        self._file, self._is_terminal = file, file.isatty()
        self._began = self._shown_at = time.monotonic()
        self._tenth = self._done * 10 // max(total, 1)

    def step(self) -> None:
        """One more."""
        self._done += 1
        now, tenth = time.monotonic(), self._done * 10 // self._total
        is_due = now - self._shown_at > _SECONDS if self._is_terminal else tenth > self._tenth
        if is_due or self._done == self._total:
            self._shown_at, self._tenth = now, tenth
            self._show(now)

    def end(self) -> None:
        """Leave the line as it is."""
        if self._is_terminal:
            self._file.write("\n")

    def _show(self, now: float) -> None:
        filled = _WIDTH * self._done // self._total
        bar = "#" * filled + "." * (_WIDTH - filled)
        line = f"[{bar}] {self._done:,} of {self._total:,} calls each{self._left(now)}"
        self._file.write(f"\r{line:<78}" if self._is_terminal else f"{line}\n")
        self._file.flush()

    def _left(self, now: float) -> str:
        made = self._done - self._before
        seconds = (now - self._began) / made * (self._total - self._done) if made else 0.0
        return f", about {seconds / 60:.0f} min left" if seconds > 60 else ""
