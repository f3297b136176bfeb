"""What the batch APIs of providers have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from apps.proxy.batching.carriage import Carriage


class Line(NamedTuple):
    """One call of a batch. body: JSON of an object, in UTF-8."""

    call_id: UUID
    body: bytes

    @property
    def flat(self) -> bytes:
        """The body in one line: no line break is inside a text of JSON."""
        return self.body.replace(b"\r", b" ").replace(b"\n", b" ")


class Result(NamedTuple):
    """What became of a line. status: of HTTP, as if the call had been made by itself; None where
    it was not answered and may be asked again.
    """

    call_id: UUID
    status: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """A batch to be handed in: our id of it, the path of its calls and what goes with them."""

    id: UUID
    path: str
    headers: Mapping[str, str]
    line_count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What the provider says of a batch."""

    is_ended: bool
    document: Mapping[str, Any]


class Batches(Protocol):
    """One provider's batch API. Each of them raises CarriageFailed."""

    def hand_in(self, carriage: Carriage, job: Job, lines: Sequence[Line]) -> str:
        """The provider's name of the new batch."""
        ...

    def find(self, carriage: Carriage, job: Job, *, known: frozenset[str]) -> str | None:
        """The batch that an earlier `hand_in` may have left there; none of `known`."""
        ...

    def look(self, carriage: Carriage, name: str) -> Progress:
        """How far it is."""
        ...

    def results(self, carriage: Carriage, progress: Progress) -> Iterator[Result]:
        """What there is of a batch that has ended."""
        ...

    def cancel(self, carriage: Carriage, name: str) -> None:
        """Call off what was not begun."""
        ...

    def forget(self, carriage: Carriage, progress: Progress) -> None:
        """Delete what the provider keeps of a batch that is over, as far as it lets us."""
        ...


def call_id_of(text: object) -> UUID | None:
    """The call that a line is of; None where it is none of ours."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
