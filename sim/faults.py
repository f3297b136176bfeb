"""Scripted faults: what a provider does to its callers on a bad day.

A specification is one fault or more, joined by commas: `NAME` or `NAME=NUMBER`. sim/README.md
lists them.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sim.errors import WireError
from sim.replies import EVENT_STREAM, Reply
from sim.steps import Data, Drop, Head, Step, Wait, halved

# An API key that asks for faults: anything, then this, then anything after a tilde.
_IN_KEY = re.compile(r"sim-fault\.([^~]+)")
_STATUS = re.compile(r"[45]\d\d")
_RETRY_AFTER = "429-retry-after"
# Meets only calls that ask for OpenAI's flex tier.
NO_FLEX = "no-flex"
# What becomes of the batch that a call makes.
ERRORS, EXPIRES = "batch-errors", "batch-expires"
_PAGE = b"<!doctype html><title>Please wait</title><h1>Checking your browser</h1>\n"
_NOISE = b"\x00\xff\xfe{]: not what you asked for \xc3("
_MESSAGES = {
    429: "Rate limit reached. Please try again later.",
    503: "The server is overloaded. Please try again later.",
    529: "Overloaded",
}


@dataclass(frozen=True)
class Fault:
    """One fault by name, with the number of seconds it was given."""

    name: str
    seconds: float | None = None


class UnknownFault(WireError):
    """The specification names no fault that there is."""

    def __init__(self, text: str) -> None:
        known = ", ".join(
            ["4XX", "5XX", _RETRY_AFTER, NO_FLEX, ERRORS, EXPIRES, *_ON_REPLY, *_ON_STEPS]
        )
        super().__init__(400, f"sim: there is no fault {text!r}; there are: {known}")


def parse_faults(specification: str) -> list[Fault]:
    """The faults of a specification. Raises UnknownFault."""
    return [_parsed(text.strip()) for text in specification.split(",") if text.strip()]


def faults_in_key(api_key: str) -> str:
    """The specification that an API key carries, empty without one."""
    found = _IN_KEY.search(api_key)
    return found[1] if found else ""


def _parsed(text: str) -> Fault:
    name, equals, number = text.partition("=")
    is_known = name in {
        _RETRY_AFTER,
        NO_FLEX,
        ERRORS,
        EXPIRES,
        *_ON_REPLY,
        *_ON_STEPS,
    } or _STATUS.fullmatch(name)
    try:
        seconds = float(number) if equals else None
    except ValueError:
        is_known = None
    if not is_known:
        raise UnknownFault(text)
    return Fault(name, seconds)


def failure_of(faults: list[Fault]) -> tuple[WireError, dict[str, str]] | None:
    """The error that replaces the answer, with its extra headers; None when none does."""
    for fault in faults:
        if fault.name == _RETRY_AFTER:
            return _error(429), _retry_headers(1.0 if fault.seconds is None else fault.seconds)
        if _STATUS.fullmatch(fault.name):
            return _error(int(fault.name)), {}
    return None


def _error(status: int) -> WireError:
    return WireError(status, _MESSAGES.get(status, "The server had an error. Please try again."))


def _retry_headers(seconds: float) -> dict[str, str]:
    return {"retry-after": f"{seconds:g}", "retry-after-ms": f"{seconds * 1000:g}"}


def alter_reply(faults: list[Fault], reply: Reply, error_event: bytes) -> Reply:
    """The reply as the faults leave it. `error_event` is the dialect's own, for streams."""
    for fault in faults:
        if change := _ON_REPLY.get(fault.name):
            reply = change(reply, error_event)
    return reply


def alter_steps(faults: list[Fault], steps: list[Step]) -> list[Step]:
    """The sending as the faults leave it."""
    for fault in faults:
        if change := _ON_STEPS.get(fault.name):
            steps = change(steps, 1.0 if fault.seconds is None else fault.seconds)
    return steps


def _garbage(reply: Reply, error_event: bytes) -> Reply:
    if not reply.is_stream:
        return replace(reply, chunks=[_NOISE])
    before, after = _halves(reply)
    return replace(reply, chunks=[*before, b"data: " + _NOISE + b"\n\n", *after])


def _page(reply: Reply, error_event: bytes) -> Reply:
    return Reply([_PAGE], content_type="text/html; charset=utf-8")


def _error_event(reply: Reply, error_event: bytes) -> Reply:
    """Ends the stream early with the dialect's error, cleanly as far as HTTP can tell."""
    if not reply.is_stream:
        return reply  # it has become an error as a whole
    return replace(reply, chunks=[*_halves(reply)[0], reply.error_event or error_event])


def _half_character(reply: Reply, error_event: bytes) -> Reply:
    """Chunks that end after the first byte of a character; the last one is never completed."""
    body = reply.body
    starts = [n + 1 for n, byte in enumerate(body) if byte >= 0xC2]
    if not starts:
        return replace(reply, chunks=[*_halves(reply)[0], b"\xe6"])
    cuts = [0, *starts]
    return replace(reply, chunks=[body[a:b] for a, b in zip(cuts, cuts[1:], strict=False)])


def _halves(reply: Reply) -> tuple[list[bytes], list[bytes]]:
    """Two halves of the chunks; an event that is cut in two is finished in the first."""
    chunks, middle = reply.chunks, len(reply.chunks) // 2
    is_eventful = reply.content_type == EVENT_STREAM
    while is_eventful and 0 < middle < len(chunks) and not chunks[middle - 1].endswith(b"\n\n"):
        middle += 1
    return chunks[:middle], chunks[middle:]


def _slow_start(steps: list[Step], seconds: float) -> list[Step]:
    return [Wait(seconds), *steps]


def _stall(steps: list[Step], seconds: float) -> list[Step]:
    before, after = halved(steps)
    return [*before, Wait(seconds), *after]


def _stall_forever(steps: list[Step], seconds: float) -> list[Step]:
    return _stall(steps, math.inf)


def _cut(steps: list[Step], seconds: float) -> list[Step]:
    return [*halved(steps)[0], Drop()]


def _cut_at_end(steps: list[Step], seconds: float) -> list[Step]:
    """Everything there is was sent, but more was promised."""
    promised = sum(len(step.chunk) for step in steps if isinstance(step, Data)) + 1
    return [s.promising(promised) if isinstance(s, Head) else s for s in steps] + [Drop()]


_ON_REPLY: dict[str, Callable[[Reply, bytes], Reply]] = {
    "garbage": _garbage,
    "wrong-content-type": _page,
    "error-event": _error_event,
    "half-utf8": _half_character,
}
_ON_STEPS: dict[str, Callable[[list[Step], float], list[Step]]] = {
    "slow-first-byte": _slow_start,
    "stall": _stall,
    "stall-forever": _stall_forever,
    "cut": _cut,
    "half-utf8": _cut_at_end,
}
