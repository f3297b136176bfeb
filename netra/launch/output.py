"""The output of shown programs: read without waiting, to the log and to the terminal."""

import os
import selectors
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from netra.launch.terminal import Terminal

_CHUNK_BYTES = 65_536  # the size of a pipe on Linux
_PIPE_CHUNKS = 4


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
        """Pass on what arrives within `seconds`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                self._read(key.data)

    def drain(self) -> None:
        """Pass on what programs have written so far, as much of it as a pipe holds."""
        for _ in range(_PIPE_CHUNKS):
            for key, _events in self._selector.select(0):
                self._read(key.data)

    def _read(self, stream: _Stream) -> None:
        with suppress(BlockingIOError):
            received = os.read(stream.pipe.fileno(), _CHUNK_BYTES)
            if received:
                self._pass_on(stream, received)
            else:
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
