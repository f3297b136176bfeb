"""Frames that the disk did not take yet, in bounded memory."""

from dataclasses import dataclass, field

from apps.usage.spool.frames import Kind


@dataclass(frozen=True, slots=True)
class Waiting:
    """A frame to be written. event_id: 16 bytes."""

    kind: Kind
    event_id: bytes
    frame: bytes


@dataclass(slots=True)
class Backlog:
    """Oldest first. Past the bound stored content goes before the records of calls."""

    bound_bytes: int
    held_bytes: int = 0
    _calls: dict[bytes, Waiting] = field(default_factory=dict)
    _contents: dict[bytes, Waiting] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._calls or self._contents)

    def calls(self, kind: Kind) -> set[bytes]:
        """The calls of which a frame of `kind` waits."""
        return {call for call, waiting in self._calls.items() if waiting.kind is kind}

    def put(self, waiting: Waiting) -> list[Waiting]:
        """Keep a frame; returns those that had to go for it, which are lost.

        The end of a call replaces its beginning, which says nothing beyond it.
        """
        frames = self._contents if waiting.kind is Kind.CONTENT else self._calls
        self._forget(frames, waiting.event_id)
        frames[waiting.event_id] = waiting
        self.held_bytes += len(waiting.frame)
        return self._overflow()

    def first(self) -> Waiting:
        return next(iter((self._calls or self._contents).values()))

    def remove_first(self) -> None:
        frames = self._calls or self._contents
        self._forget(frames, next(iter(frames)))

    def _overflow(self) -> list[Waiting]:
        lost = []
        while self.held_bytes > self.bound_bytes:
            frames = self._contents or self._calls
            oldest = next(iter(frames.values()))
            self._forget(frames, oldest.event_id)
            lost.append(oldest)
        return lost

    def _forget(self, frames: dict[bytes, Waiting], event_id: bytes) -> None:
        gone = frames.pop(event_id, None)
        if gone:
            self.held_bytes -= len(gone.frame)
