"""Batches of calls, answered together some time after they were handed in."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from sim.calls import Call
from sim.faults import ERRORS, EXPIRES
from sim.replies import Reply, json_reply
from sim.world import World

Json = dict[str, Any]
MOST_LINES = 50_000
_OVERLOADED = {
    "type": "error",
    "error": {"type": "api_error", "message": "The server had an error.", "code": "server_error"},
}


@dataclass
class Batch:
    """Calls by the ids that the client gave them. `ready_at` is on the world's clock."""

    request: Call
    lines: list[tuple[str, Call]]
    ready_at: float
    fate: str = ""
    is_cancelled: bool = False
    _replies: list[Reply | None] | None = field(default=None, repr=False)

    @property
    def is_expiring(self) -> bool:
        """Whether it ends without an answer to its second half."""
        return self.fate == EXPIRES

    def is_ended(self, world: World) -> bool:
        return self.is_cancelled or world.clock() >= self.ready_at

    def cancel(self, world: World) -> None:
        """Call off what has not ended."""
        self.is_cancelled = self.is_cancelled or not self.is_ended(world)

    def results(self, world: World) -> list[tuple[str, Reply | None]]:
        """Id and reply of each line once the batch has ended; none when it was cancelled. None for
        a line that the batch did not come to before it expired.
        """
        if self.is_cancelled or not self.is_ended(world):
            return []
        if self._replies is None:
            self._replies = [self._reply(number, world) for number in range(len(self.lines))]
        names = [name for name, _ in self.lines]
        return list(zip(names, self._replies, strict=True))

    def _reply(self, number: int, world: World) -> Reply | None:
        if self.is_expiring and number >= len(self.lines) // 2:
            return None
        if self.fate == ERRORS and number % 2:
            return json_reply(dict(_OVERLOADED), status=500)
        return world.answer(self.lines[number][1])


def open_batch(call: Call, world: World, lines: list[tuple[str, Call]]) -> Batch:
    """A batch that ends after the modelled time."""
    seconds = world.habits.overruled(call.headers).batch_seconds
    return Batch(call, lines, world.clock() + seconds, call.fate)


def line_call(call: Call, path: str, body: Json) -> Call:
    """One line as the call that it stands for: the batch's key, never its faults."""
    headers = {"content-type": "application/json"}
    if "x-sim-cache" in call.headers:
        headers["x-sim-cache"] = call.headers["x-sim-cache"]
    encoded = orjson.dumps({k: v for k, v in body.items() if k != "stream"})
    return Call("POST", path, call.dialect, call.api_key, headers, {}, encoded)
