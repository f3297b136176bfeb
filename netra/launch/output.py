"""The output of shown programs: read without waiting, to the log and to the terminal."""

import os
import selectors
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from netra.launch.terminal import Terminal


@dataclass
class _Stream:
    name: str
    pipe: IO[bytes]
    log: Path
    rest: bytes = b""


class Outputs:
    """The pipes of all shown programs."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._selector = selectors.DefaultSelector()
        self._is_log_full = False

    def follow(self, name: str, pipe: IO[bytes], log: Path) -> None:
        """Read `pipe` from now on, until it ends."""
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, selectors.EVENT_READ, _Stream(name, pipe, log))

    def pump(self, seconds: float) -> None:
        """Pass on what arrives within `seconds`, returning at the first arrivals."""
        for key, _ in self._selector.select(seconds):
            self._read(key.data)

    @property
    def has_pipes(self) -> bool:
        return bool(self._selector.get_map())

    def drain(self) -> None:
        """Pass on what programs have written so far."""
        for key in list(self._selector.get_map().values()):
            self._read(key.data)

    def _read(self, stream: _Stream) -> None:
        with suppress(BlockingIOError):
            while received := os.read(stream.pipe.fileno(), 65_536):
                self._pass_on(stream, received)
            self._selector.unregister(stream.pipe)
            stream.pipe.close()

    def _pass_on(self, stream: _Stream, received: bytes) -> None:
        *lines, stream.rest = (stream.rest + received).split(b"\n")
        for line in lines:
            self._terminal.show(stream.name, line.decode(errors="replace"))
        self._append(stream.log, received)

    def _append(self, log: Path, received: bytes) -> None:
        """A full disk must not stop the programs whose output this is."""
        try:
            with log.open("ab") as file:
                file.write(received)
        except OSError as error:
            if not self._is_log_full:
                self._terminal.say(f"{log} is not written any more: {error.strerror}")
            self._is_log_full = True
