"""What gateways know of levers: plain values, built by selectors, read on the hot path."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

from apps.kernel.plain import Plain

PART = "policies"
Lever = Literal[
    "exact_cache", "near_exact", "semantic", "routing", "compression", "prompt_cache", "tier"
]
State = Literal["off", "shadow", "on"]
# In the order in which they act on a call, which is also that of the decomposition.
LEVERS: tuple[Lever, ...] = (
    "exact_cache",
    "near_exact",
    "semantic",
    "routing",
    "compression",
    "prompt_cache",
    "tier",
)
# For people, the same on pages, in files and on paper.
LABELS: Mapping[str, str] = {
    "exact_cache": "Exact cache",
    "near_exact": "Near-exact cache",
    "semantic": "Semantic cache",
    "routing": "Routing",
    "compression": "Compression",
    "prompt_cache": "Provider prompt cache",
    "tier": "Batch and flex",
}
# Those that give an answer that was given before.
REUSING: tuple[Lever, ...] = ("exact_cache", "near_exact", "semantic")
STATES: tuple[State, ...] = ("off", "shadow", "on")
# What leaves every answer as the provider gave or would give it.
_DEFAULTS: Mapping[Lever, State] = {"exact_cache": "on", "prompt_cache": "on"}
_CONVERSATIONAL: frozenset[Lever] = frozenset({"routing", "compression"})
NO_JUDGE = "none"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PolicyTerms(Plain):
    """What one subject says; None leaves a field to what is above it.

    levers: only those that are said. quality_bound: the greatest share of answers that may be worse
    than the untouched ones. cache_ttl_s: seconds that an answer is kept. caches_any_temperature:
    also answers that were drawn at random. traffic_percent: of the conversations that levers may
    touch. allowed_models: those that levers may choose; () is none but the one asked for.
    judge_model: the one that compares answers, asked in the project's name; NO_JUDGE: none at all.
    deadline_s: seconds that a call can wait which does not say so itself.
    """

    levers: Mapping[str, str] = field(default_factory=dict)
    quality_bound: Decimal | None = None
    cache_ttl_s: int | None = None
    caches_any_temperature: bool | None = None
    traffic_percent: int | None = None
    allowed_models: tuple[str, ...] | None = None
    judge_model: str | None = None
    deadline_s: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a call, all fields said; see PolicyTerms.

    has_lever: any lever may act or is to be watched. follows_conversations: one of them treats a
    conversation's calls alike, and must know which they are.
    """

    states: Mapping[str, str]
    quality_bound: Decimal = Decimal(0)
    cache_ttl_s: int = 86_400
    caches_any_temperature: bool = False
    traffic_percent: int = 100
    allowed_models: tuple[str, ...] = ()
    judge_model: str = ""
    deadline_s: int | None = None

    has_lever: bool = field(init=False)
    follows_conversations: bool = field(init=False)

    def __post_init__(self) -> None:
        open_ = {lever for lever, state in self.states.items() if state != "off"}
        object.__setattr__(self, "has_lever", bool(open_))
        object.__setattr__(self, "follows_conversations", not _CONVERSATIONAL.isdisjoint(open_))

    @property
    def reuses(self) -> bool:
        """Whether any lever gives kept answers, or is watched how it would."""
        return any(self.state(lever) != "off" for lever in REUSING)

    def state(self, lever: Lever) -> str:
        """off, shadow or on."""
        return self.states.get(lever, "off")


@dataclass(frozen=True, slots=True)
class Flush(Plain):
    """Answers to calls that began before `at` are not to be served any more.

    project_id: None is all projects. tag: None is every answer.
    """

    at: datetime
    project_id: UUID | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Policies(Plain):
    """All that an organization says about levers.

    version: of the newest row. by_key: of keys, each with its project's id in `project_of`.
    """

    version: int = 0
    organization: PolicyTerms = PolicyTerms()
    by_project: Mapping[UUID, PolicyTerms] = field(default_factory=dict)
    by_key: Mapping[UUID, PolicyTerms] = field(default_factory=dict)
    project_of: Mapping[UUID, UUID] = field(default_factory=dict)
    flushes: tuple[Flush, ...] = ()
    _own: Policy = field(init=False, repr=False, compare=False)
    _projects: Mapping[UUID, Policy] = field(init=False, repr=False, compare=False)
    _keys: Mapping[UUID, Policy] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        above = {each: (self.organization, terms) for each, terms in self.by_project.items()}
        keys = {
            each: resolved(*above.get(self.project_of.get(each, each), (self.organization,)), terms)
            for each, terms in self.by_key.items()
        }
        object.__setattr__(self, "_own", resolved(self.organization))
        object.__setattr__(self, "_projects", {each: resolved(*above[each]) for each in above})
        object.__setattr__(self, "_keys", keys)

    @classmethod
    def closed(cls) -> Self:
        """For an organization whose word cannot be read: every lever is off."""
        return cls(organization=PolicyTerms(levers=dict.fromkeys(LEVERS, "off")))

    def of(self, *, project_id: UUID, key_id: UUID) -> Policy:
        """What holds for a call: per field the key's word, else the project's, else the
        organization's; a lever that any of them has turned off is off.
        """
        if self._keys and key_id in self._keys:
            return self._keys[key_id]
        return self._projects.get(project_id, self._own)

    def flushed_at(self, *, project_id: UUID, tags: frozenset[str] = frozenset()) -> datetime:
        """Answers to calls that began at or before it are void; NEVER where nothing was flushed.

        tags: those of the answer; an answer without tags is void by flushes of everything only.
        """
        if not self.flushes:
            return NEVER
        times = (
            each.at
            for each in self.flushes
            if each.project_id in (None, project_id) and (each.tag is None or each.tag in tags)
        )
        return max(times, default=NEVER)


def resolved(*terms: PolicyTerms) -> Policy:
    """What holds where `terms` are said, the most general first: the last word counts, but nobody
    turns on what was turned off above.
    """
    states: dict[str, str] = {lever: _DEFAULTS.get(lever, "off") for lever in LEVERS}
    closed: set[str] = set()
    said: dict[str, Any] = {}
    for each in terms:
        states |= {lever: each.levers[lever] for lever in each.levers if lever not in closed}
        closed |= {lever for lever, state in each.levers.items() if state == "off"}
        said |= {name: value for name in _FIELDS if (value := getattr(each, name)) is not None}
    return Policy(states, **said)


def deciding(*terms: PolicyTerms) -> dict[str, int]:
    """Lever or field → the place in `terms` of the word that holds by `resolved`; what nobody says
    is not in it.
    """
    found: dict[str, int] = {}
    closed: set[str] = set()
    for place, each in enumerate(terms):
        found |= {lever: place for lever in each.levers if lever not in closed}
        closed |= {lever for lever, state in each.levers.items() if state == "off"}
        found |= {name: place for name in _FIELDS if getattr(each, name) is not None}
    return found


_FIELDS = tuple(each.name for each in fields(PolicyTerms) if each.name != "levers")
DEFAULT = resolved()
