"""Who may carry a call, and in which order they are asked."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from apps.proxy.breaker import Breakers, Key
from apps.tenants.access import CredentialAccess, OrganizationAccess, Route, Target

# Weight of the newest first-byte time in its moving average.
_NEWEST = 0.2
# Share of least-latency calls that look whether another one became faster.
_EXPLORED = 0.05
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to carry a call.

    model: None sends the model as the caller wrote it. is_own: the key came with the call.
    service_tier: what is asked for in the caller's place; empty leaves it to the caller.
    """

    credential: CredentialAccess
    model: str | None = None
    weight: int = 1
    is_own: bool = False
    service_tier: str = field(default="", compare=False)

    @property
    def key(self) -> Key:
        """Whose credential, which one, for which model in which tier."""
        model = f"{self.model or ''}#{self.service_tier}" if self.service_tier else self.model or ""
        return self.credential.organization_id, self.credential.id, model

    @property
    def credential_id(self) -> UUID | None:
        """Of the stored credential; None for the caller's own key."""
        return None if self.is_own else self.credential.id


Tier = Sequence[Candidate]


@dataclass(slots=True)
class Latencies:
    """Moving averages of the time to the first byte, in milliseconds; local to a process.

    Callers can choose the model, so that no more are kept than `most`; the oldest goes first.
    """

    most: int = 10_000
    _averages: dict[Key, float] = field(default_factory=dict)

    def observe(self, candidate: Candidate, first_byte_ms: float) -> None:
        """Count one more answer."""
        averages, key = self._averages, candidate.key
        old = averages.get(key)
        if old is None and len(averages) >= self.most:
            del averages[next(iter(averages))]
        averages[key] = first_byte_ms if old is None else old + _NEWEST * (first_byte_ms - old)

    def of(self, candidate: Candidate) -> float:
        """The average; 0 for one not asked yet, so that it is asked."""
        return self._averages.get(candidate.key, 0.0)


def tiers_of_route(organization: OrganizationAccess, route: Route) -> list[Tier]:
    """The candidates of a route by priority: the first list serves, the others are fallbacks."""
    tiers: dict[int, list[Candidate]] = {}
    for target in route.targets:
        tiers.setdefault(target.priority, []).extend(_candidates(organization, target))
    return [tiers[priority] for priority in sorted(tiers) if tiers[priority]]


def tier_of_provider(
    organization: OrganizationAccess, provider: str, *, model: str | None = None
) -> Tier:
    """Every credential that the organization has of a provider."""
    return _candidates(organization, Target(provider=provider, model=model))


def ordered(
    tier: Tier, *, strategy: str, latencies: Latencies, breakers: Breakers, now: float
) -> list[Candidate]:
    """The candidates of a tier, the one to ask first at the front.

    strategy: `weighted` draws by weight without replacement (Efraimidis and Spirakis 2006),
    `least_latency` takes the fastest lately, `priority` keeps the order given. Those whose
    circuit is open come last: a probe is better than no answer.
    """
    if len(tier) == 1:
        return list(tier)
    chosen = _by_strategy(tier, strategy, latencies)
    return sorted(chosen, key=lambda candidate: breakers.is_open(candidate.key, now=now))


def _by_strategy(tier: Tier, strategy: str, latencies: Latencies) -> list[Candidate]:
    if strategy == "least_latency":
        if _random.random() < _EXPLORED:
            return _random.sample(tier, len(tier))
        return sorted(tier, key=latencies.of)
    if strategy == "weighted":
        return sorted(tier, key=_draw)
    return list(tier)


def _draw(candidate: Candidate) -> float:
    return _random.expovariate(candidate.weight) if candidate.weight > 0 else float("inf")


def _candidates(organization: OrganizationAccess, target: Target) -> list[Candidate]:
    return [
        Candidate(credential, target.model, target.weight)
        for credential in _credentials(organization, target)
    ]


def _credentials(organization: OrganizationAccess, target: Target) -> Iterable[CredentialAccess]:
    if target.credential_id is None:
        return organization.credentials_of(target.provider)
    credential = organization.credentials.get(target.credential_id)
    return (credential,) if credential else ()
