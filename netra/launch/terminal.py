"""What the person at the terminal sees."""

import os
import sys
from contextlib import suppress
from typing import IO

_COLOURS = {"web": 36, "gateway": 35, "worker": 33, "beat": 34, "shipper": 32}


class Terminal:
    """Lines for people; once nobody reads them any more they are dropped."""

    def __init__(self, out: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._has_colour = self._out.isatty() and "NO_COLOR" not in os.environ

    def say(self, line: str) -> None:
        """A line of our own."""
        with suppress(BrokenPipeError, ValueError):
            print(line, file=self._out, flush=True)

    def show(self, name: str, line: str) -> None:
        """A line that the program `name` wrote."""
        label = f"{name:<8}|"
        if self._has_colour:
            label = f"\x1b[{_COLOURS.get(name, 32)}m{label}\x1b[0m"
        self.say(f"{label} {line}")
