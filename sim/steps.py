"""How a reply is sent: a list of steps that faults and latency change before the first is taken."""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.asgi import Send
from sim.journal import Entry
from sim.replies import Reply


@dataclass(frozen=True)
class Wait:
    """Nothing happens for some seconds, `inf` until the client leaves."""

    seconds: float


@dataclass(frozen=True)
class Head:
    """Status line and headers."""

    status: int
    headers: dict[str, str]

    def promising(self, length: int) -> "Head":
        """The same with another Content-Length, if it has one."""
        if "content-length" not in self.headers:
            return self
        return replace(self, headers=self.headers | {"content-length": str(length)})


@dataclass(frozen=True)
class Data:
    """Bytes of the body."""

    chunk: bytes


@dataclass(frozen=True)
class Drop:
    """The connection is closed, whatever was promised."""


Step = Wait | Head | Data | Drop


@dataclass(frozen=True)
class Pace:
    """Modelled latency in seconds: up to the first byte, and for each token of output."""

    first_byte: float = 0.0
    token: float = 0.0


def steps_of(reply: Reply, headers: dict[str, str], pace: Pace) -> list[Step]:
    """The sending of a reply. A body waits for all of its tokens, a stream between its chunks."""
    thinking = pace.token * reply.output_tokens
    if reply.is_stream:
        each = thinking / max(1, len(reply.chunks))
        steps: list[Step] = [Wait(pace.first_byte), Head(reply.status, headers)]
        for chunk in reply.chunks:
            steps += [Wait(each), Data(chunk)]
        return steps
    headers = headers | {"content-length": str(len(reply.body))}
    start: list[Step] = [Wait(pace.first_byte + thinking), Head(reply.status, headers)]
    return [*start, *(Data(chunk) for chunk in reply.chunks)]


def halved(steps: list[Step]) -> tuple[list[Step], list[Step]]:
    """What is sent up to the middle of the body, and the rest; a single chunk is cut in two."""
    data = [n for n, step in enumerate(steps) if isinstance(step, Data)]
    if not data:
        return steps, []
    if len(data) > 1:
        middle = data[len(data) // 2]
        return steps[:middle], steps[middle:]
    first, second = _cut_in_two(steps[data[0]])
    return [*steps[: data[0]], first], [second, *steps[data[0] + 1 :]]


def _cut_in_two(step: Step) -> tuple[Data, Data]:
    chunk = step.chunk if isinstance(step, Data) else b""
    return Data(chunk[: len(chunk) // 2]), Data(chunk[len(chunk) // 2 :])


async def take_steps(
    steps: list[Step], send: Send, gone: "asyncio.Task[None]", entry: Entry
) -> None:
    """Send until the end or until the client is `gone`, and note in `entry` how far it went.

    The last step is Data, or a Drop: uvicorn closes the connection of an application that returns
    before its answer is complete.
    """
    for left, step in zip(reversed(range(len(steps))), steps, strict=True):
        await _take(step, left > 0, send, gone, entry)
        if gone.done() and left:
            entry.is_disconnected = True
            return


async def _take(
    step: Step, more: bool, send: Send, gone: "asyncio.Task[None]", entry: Entry
) -> None:
    if isinstance(step, Wait):
        await _wait(step.seconds, gone)
    elif isinstance(step, Head):
        entry.status = step.status
        headers = list(_encoded(step.headers))
        await send({"type": "http.response.start", "status": step.status, "headers": headers})
    elif isinstance(step, Data):
        await send({"type": "http.response.body", "body": step.chunk, "more_body": more})
        entry.bytes_sent += len(step.chunk)
        await asyncio.sleep(0)  # lets the chunk leave by itself


async def _wait(seconds: float, gone: "asyncio.Task[None]") -> None:
    if seconds > 0:
        timeout = None if math.isinf(seconds) else seconds
        await asyncio.wait({gone}, timeout=timeout)


def _encoded(headers: dict[str, str]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers.items():
        yield name.encode(), value.encode("latin-1")
