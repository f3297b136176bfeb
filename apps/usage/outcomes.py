"""How calls of an experiment's units went; to be read inside the organization's scope."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from apps.usage.models import UsageEvent

_TOLD = ("id", "unit", "outcome", "total_ms", "output", "reasoning", "untouched", "decisions")
FAILED = frozenset({"error", "truncated", "interrupted"})
_CHUNK = 2_000


@dataclass(slots=True)
class UnitOutcome:
    """One unit. event_ids: of all its calls. answered, failed: calls; what the caller broke off or
    a limit refused is neither. total_ms, generated_tokens: sums of the answered ones; an answer
    that was kept counts with the tokens that it was once made of. levers: that acted or would have.
    """

    unit: str
    event_ids: list[UUID] = field(default_factory=list)
    answered: int = 0
    failed: int = 0
    timed: int = 0
    total_ms: float = 0.0
    generated_tokens: int = 0
    levers: set[str] = field(default_factory=set)

    def add(self, told: Mapping[str, Any]) -> None:
        """Count a call."""
        self.event_ids.append(told["id"])
        self.levers |= {each["lever"] for each in told["decisions"] if each["decision"] != "none"}
        if told["outcome"] in FAILED:
            self.failed += 1
        elif told["outcome"] == "success":
            self._add_answer(told)

    def _add_answer(self, told: Mapping[str, Any]) -> None:
        self.answered += 1
        self.generated_tokens += _generated(told)
        if told["total_ms"] is not None:
            self.timed += 1
            self.total_ms += told["total_ms"]


def unit_outcomes(period_id: UUID, units: Sequence[str]) -> Iterator[UnitOutcome]:
    """Some units of a period, by name."""
    rows = UsageEvent.objects.filter(period_id=period_id, unit__in=units, kind="live")
    ordered = rows.order_by("unit", "started_at", "id").values(*_TOLD)
    for unit, calls in groupby(ordered.iterator(chunk_size=_CHUNK), key=itemgetter("unit")):
        outcome = UnitOutcome(str(unit))
        for told in calls:
            outcome.add(told)
        yield outcome


def _generated(told: Mapping[str, Any]) -> int:
    made = int(told["output"] + told["reasoning"])
    kept = (charge["buckets"] for charge in told["untouched"])
    return made or sum(each.get("output", 0) + each.get("reasoning", 0) for each in kept)
