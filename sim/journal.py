"""What was asked of the simulator, and how far each answer went."""

import base64
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST_CALLS, MOST_BYTES = 5_000, 64 * 2**20


@dataclass
class Entry:
    """One call, written on while it is answered."""

    number: int
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    dialect: str = ""
    api_key: str = ""
    fault: str = ""
    body: bytes = b""
    status: int = 0  # until headers are sent
    bytes_sent: int = 0
    is_finished: bool = False
    is_disconnected: bool = False

    def as_json(self) -> dict[str, Any]:
        """The entry as `GET /_sim/calls` shows it; the body in base64."""
        shown = dict(vars(self)) | {"body": base64.b64encode(self.body).decode()}
        shown["finished"] = shown.pop("is_finished")
        shown["disconnected"] = shown.pop("is_disconnected")
        return shown


@dataclass
class Journal:
    """The last calls, bounded in number and in bytes of their bodies."""

    total: int = 0
    _entries: deque[Entry] = field(default_factory=deque)
    _bytes: int = 0

    def open(self, **what: Any) -> Entry:
        """A new entry, in flight until it is marked finished."""
        self.total += 1
        entry = Entry(self.total, **what)
        self._entries.append(entry)
        self._bytes += len(entry.body)
        self._shorten()
        return entry

    def _shorten(self) -> None:
        while len(self._entries) > MOST_CALLS or (
            self._bytes > MOST_BYTES and len(self._entries) > 1
        ):
            self._bytes -= len(self._entries.popleft().body)

    def entries(self, api_key: str | None, limit: int) -> list[Entry]:
        """The last `limit` calls, oldest first, of one API key if it is given."""
        wanted = [e for e in self._entries if api_key is None or e.api_key == api_key]
        return wanted[-limit:] if limit else []

    def clear(self) -> None:
        """Forget all calls; those in flight go on unseen."""
        self._entries.clear()
        self._bytes = 0
