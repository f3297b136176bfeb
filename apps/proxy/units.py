"""What this process remembers of units: which period each belongs to, and which answer is whose.

A unit belongs to the period in which it was first seen, until it was idle for a day; an answer's id
leads the call that continues it to the same unit. Bounded, the oldest goes first; a process that
does not remember assigns by the running period.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

IDLE = timedelta(hours=24)
Sighting = tuple[UUID, datetime]


@dataclass(slots=True)
class Units:
    """At most `most` units and as many answers."""

    most: int = 100_000
    _seen: OrderedDict[tuple[UUID, str], Sighting] = field(default_factory=OrderedDict)
    _threads: OrderedDict[tuple[UUID, str], str] = field(default_factory=OrderedDict)

    def period_of(self, organization_id: UUID, unit: str, *, at: datetime) -> UUID | None:
        """The period that the unit belongs to, unless it is new or was idle for a day."""
        sighting = self._seen.get((organization_id, unit))
        return sighting[0] if sighting and at - sighting[1] < IDLE else None

    def see(self, organization_id: UUID, unit: str, *, period_id: UUID, at: datetime) -> None:
        """The unit made a call."""
        seen = self._seen
        seen[organization_id, unit] = (period_id, at)
        seen.move_to_end((organization_id, unit))
        if len(seen) > self.most:
            seen.popitem(last=False)

    def thread_of(self, organization_id: UUID, response_id: object) -> str | None:
        """The unit whose answer has this id."""
        if not isinstance(response_id, str):
            return None
        return self._threads.get((organization_id, response_id))

    def remember_answer(self, organization_id: UUID, response_id: str, unit: str) -> None:
        """Calls that continue this answer belong to the unit."""
        threads = self._threads
        threads[organization_id, response_id] = unit
        if len(threads) > self.most:
            threads.popitem(last=False)
