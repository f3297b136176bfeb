"""The provider of the soak: the simulator, which also keeps books of all that it answered.

python -m bench.soaking.provider --port N --books FILE: one line of JSON for each call that reached
it, written when its answer ended, however it did.
"""

import argparse
import json
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import IO, Any

import uvicorn

from bench.soaking.reading import read
from sim.app import Simulator
from sim.asgi import Receive, Scope, Send
from sim.calls import Call
from sim.exchange import new_world
from sim.journal import Entry
from sim.server import server_config
from sim.world import Habits

CALL_HEADER = "x-soak-call"
_ENTRY = "soak.entry"


class Bookkeeper(Simulator):
    """The simulator, whose answers go past its books."""

    def __init__(self, books: IO[str]) -> None:
        super().__init__(new_world(Habits.from_environment()))
        self._books = books

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces: list[bytes] = []
        is_ended = False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal is_ended
            pieces.append(message.get("body", b""))
            is_ended = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await super().__call__(scope, receive, noting)
        finally:
            if entry := scope.get(_ENTRY):
                self._write(entry, b"".join(pieces), is_ended=is_ended)

    def _open(self, scope: Scope, body: bytes) -> tuple[Call, Entry]:
        call, entry = super()._open(scope, body)
        scope[_ENTRY] = entry
        return call, entry

    def _write(self, entry: Entry, body: bytes, *, is_ended: bool) -> None:
        answer = read(entry.path, body)
        line = {
            "call": int(dict(entry.headers).get(CALL_HEADER, 0)),
            "at": time.time(),
            "key": entry.api_key,
            "path": entry.path,
            "status": entry.status,
            "fault": entry.fault,
            "said": answer.digest,
            "usage": answer.usage,
            "is_whole": is_ended and answer.is_whole and entry.status < 400,
            "has_left": entry.is_disconnected,
        }
        self._books.write(json.dumps(line) + "\n")


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser("bench.soaking.provider")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--books", type=Path, required=True)
    options = parser.parse_args()
    with options.books.open("a", buffering=1) as books:
        config = server_config(Bookkeeper(books), host="127.0.0.1", port=options.port)
        uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
