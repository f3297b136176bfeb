"""What one call may be answered from, and what its own answer is to be kept as."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.optimization.access import Lever
from apps.optimization.answers.asking import Question
from apps.optimization.answers.entries import Entry
from apps.optimization.answers.spaces import Space

if TYPE_CHECKING:
    from apps.optimization.similarity import Vector


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept answer to another question. score: 1 for one in the same words but for their form."""

    key: str
    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """No candidate, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A candidate that was not given. probability: with which it was to be compared."""

    lever: Lever
    candidate: Candidate
    probability: float


@dataclass(slots=True)
class Reuse:
    """key: of this very call in the store of answers. question: what it asks last, where near
    questions matter. near_key, space: where an answer to it is found, or None where the lever is
    off or the call not fit for it. namespace: what certificates of both are for. data_key: of the
    organization. vector: of the question. compared: what its answer tells the truth about.
    is_keeping: whether its answer is to be kept; equal calls at the same moment leave that to one.
    """

    key: str
    data_key: bytes = field(repr=False)
    question: Question | None = field(default=None, repr=False)
    namespace: str | None = None
    near_key: str | None = None
    space: Space | None = None
    vector: "Vector | None" = None
    compared: list[Compared] = field(default_factory=list)
    is_keeping: bool = True

    def sibling(self, digest: str) -> str:
        """The key in the store of another answer of the same project."""
        return f"{self.key.rpartition(':')[0]}:{digest}"
