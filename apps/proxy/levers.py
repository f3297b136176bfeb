"""What the levers' stages know of one call, and what they decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from apps.attribution.access import PeriodAccess
from apps.attribution.assignment import Arm
from apps.kernel.events import Decision
from apps.optimization.access import Lever, Policy
from apps.optimization.answers.entries import Entry
from apps.proxy.flights import Flight
from apps.proxy.reuse import Reuse
from apps.proxy.selection import Candidate, Tier

ACTED = "act"
SHADOW = "shadow"
NONE = "none"


class Offer(NamedTuple):
    """What a lever would have sent in place of a call, to be asked and judged; see Comparison.

    alternative: makes {"path": …, "body": {…}, "class": the kind of request, where gains go by
    kinds}, which is done when the call is over.
    """

    lever: Lever
    namespace: str
    score: float
    probability: float
    alternative: Callable[[], Mapping[str, Any]]


class Removed(NamedTuple):
    """Tokens that a call was spared: of what is new in it, and of what earlier calls were spared.

    is_begun: answers were given before, so that a provider may have kept what came before them.
    """

    new: int
    old: int
    is_begun: bool


@dataclass(frozen=True, slots=True)
class Flex:
    """Whom to ask for the cheaper tier, and for how many seconds."""

    candidate: Candidate
    seconds: float


@dataclass(slots=True)
class Levers:
    """The state of one call whose policy has a lever, or whose organization has an experiment.

    may_act: inside the share of traffic, not held out, not bypassed. is_triggered: a lever would
    have had something to do, in whichever arm. period, unit, arm: None outside an experiment.
    entry: the kept answer that the call was given, by the lever given_by. flight: the answer that
    others may wait for. reuse: what the call may be answered from, where levers may act on it.
    body: what goes to the provider in place of the caller's bytes. tiers: whom to ask in place of
    those whom the call itself leads to, who come last then. is_marked: all of the prompt that the
    provider keeps or reads, it does so for our marks. removed: what of the call did not go out.
    offers: what is to be judged of it. flex: None where only the ordinary tier is asked.
    """

    policy: Policy
    policy_version: int
    may_act: bool = True
    is_bypassed: bool = False
    unit: str | None = None
    period: PeriodAccess | None = None
    arm: Arm | None = None
    decisions: list[Decision] = field(default_factory=list)
    is_triggered: bool = False
    cache_status: bytes | None = None
    entry: Entry | None = None
    given_by: Lever | None = None
    reuse: Reuse | None = None
    flight: Flight | None = None
    body: bytes | None = None
    tiers: Sequence[Tier] | None = None
    is_marked: bool = False
    removed: Removed | None = None
    offers: list[Offer] = field(default_factory=list)
    flex: Flex | None = None

    @property
    def has_acted(self) -> bool:
        """Whether any lever did anything to this call."""
        return any(each.decision == ACTED for each in self.decisions)

    def acts(self, lever: Lever) -> bool:
        """Whether the lever may change what happens to this call."""
        return self.may_act and self.policy.state(lever) == "on"

    def give(self, entry: Entry | None, *, by: Lever) -> None:
        """The call gets this answer."""
        self.entry, self.given_by = entry, by

    def decide(
        self,
        lever: Lever,
        decision: str,
        reason: str,
        *,
        certificate_id: UUID | None = None,
        namespace: str | None = None,
        score: float | None = None,
        entry: str | None = None,
    ) -> None:
        """Note what the lever decided, in whichever arm; see Decision."""
        self.decisions.append(
            Decision(lever, decision, reason, certificate_id, namespace, score, entry)
        )
