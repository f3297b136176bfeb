"""What the gateway knows of who asks: plain values, built by selectors, read on the hot path.

Every class goes to and from a dict of JSON types, for the encrypted snapshot on disk.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar
from uuid import UUID

from apps.kernel.plain import Plain

Strategy = Literal["weighted", "least_latency", "priority"]
Subject = Literal["organization", "project", "key"]
LimitKind = Literal["requests_per_minute", "tokens_per_minute", "concurrency", "budget_usd"]
Window = Literal["minute", "day", "month", "total"]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class KeyAccess(Plain):
    """One virtual key, found by the digest of its text."""

    id: UUID
    organization_id: UUID
    project_id: UUID
    name: str
    is_test: bool
    scopes: frozenset[str]
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def state(self, *, at: datetime) -> Literal["active", "expired", "revoked"]:
        """How the key stands at `at`; a revocation may lie ahead while a rotation overlaps."""
        if self.revoked_at and self.revoked_at <= at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= at else "active"


@dataclass(frozen=True, slots=True)
class CredentialAccess(Plain):
    """A provider credential with its opened secret, which no representation shows.

    base_url: None is the provider's own address. is_platform: the secret or the address is ours,
    so base_url was never given by a customer. may_reach_private: base_url was set by whoever runs
    this installation, so an address inside its own network is no attack.
    """

    id: UUID
    organization_id: UUID
    provider: str
    name: str
    secret: str = field(repr=False)
    base_url: str | None = None
    api_version: str | None = None
    is_platform: bool = False
    may_reach_private: bool = False


@dataclass(frozen=True, slots=True)
class Target(Plain):
    """Where a route leads.

    credential_id: None is any credential of the provider. model: None is the model asked for.
    weight: share among targets of one priority. priority: the lowest number is tried first.
    """

    provider: str
    credential_id: UUID | None = None
    model: str | None = None
    weight: int = 1
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Route(Plain):
    """How calls for the models that `pattern` names are carried; times in milliseconds.

    project_id: None holds for the whole organization. pattern: a model name, `*` for any run of
    characters. targets: those of the lowest priority number first, the others as fallbacks.
    """

    id: UUID
    project_id: UUID | None
    pattern: str
    strategy: Strategy
    targets: tuple[Target, ...]
    max_retries: int
    connect_ms: int
    first_byte_ms: int
    idle_ms: int
    total_ms: int


@dataclass(frozen=True, slots=True)
class Limit(Plain):
    """A bound on one subject.

    amount: requests, tokens or calls at once, or US dollars. window: None for concurrency.
    alert_fractions: shares of `amount` at which a budget warns, ascending. is_hard: refuse beyond
    it; else only warn. spent_usd: what the running window had spent when the snapshot was built.
    """

    id: UUID
    subject: Subject
    subject_id: UUID
    kind: LimitKind
    amount: Decimal
    window: Window | None = None
    alert_fractions: tuple[Decimal, ...] = ()
    is_hard: bool = True
    spent_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ProjectAccess(Plain):
    """stores_content: prompts and answers are kept, sealed, for `content_retention_days`."""

    id: UUID
    name: str
    is_archived: bool = False
    stores_content: bool = False
    content_retention_days: int = 30


@dataclass(frozen=True, slots=True)
class OrganizationAccess(Plain):
    """One organization and all that is configured in it.

    version: rises with every change of its rows; equal versions in two processes were read from
    equal rows. read_at: when that was. entitlements: code to value, those in force when it was
    read. data_key: 32 bytes, once the organization has one. parts: what other apps have to say to
    gateways, by their names, as dicts of JSON types.
    """

    id: UUID
    slug: str
    schema_name: str
    version: int = 0
    read_at: datetime = field(default=datetime(1970, 1, 1, tzinfo=UTC), compare=False)
    is_closed: bool = False
    is_system: bool = False
    entitlements: Mapping[str, Any] = field(default_factory=dict)
    projects: Mapping[UUID, ProjectAccess] = field(default_factory=dict)
    credentials: Mapping[UUID, CredentialAccess] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    limits: tuple[Limit, ...] = ()
    data_key: bytes | None = field(default=None, repr=False)
    parts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _by_provider: Mapping[str, tuple[CredentialAccess, ...]] = field(
        init=False, repr=False, compare=False
    )
    _by_subject: Mapping[UUID, tuple[Limit, ...]] = field(init=False, repr=False, compare=False)
    _routing: "_Routing" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_provider = _grouped(self.credentials.values(), lambda row: row.provider)
        by_subject = _grouped(self.limits, lambda row: row.subject_id)
        object.__setattr__(self, "_by_provider", by_provider)
        object.__setattr__(self, "_by_subject", by_subject)
        object.__setattr__(self, "_routing", _Routing(self.routes))

    def credentials_of(self, provider: str) -> tuple[CredentialAccess, ...]:
        """All credentials of a provider, in the order they were given."""
        return self._by_provider.get(provider, ())

    def route(self, *, project_id: UUID, model: str) -> Route | None:
        """The most specific route for a model: the project's before the organization's, a model's
        name before a pattern, a longer pattern before a shorter one. None without any.
        """
        return self._routing.find(project_id, model) or self._routing.find(None, model)

    def limits_of(self, *, project_id: UUID, key_id: UUID) -> tuple[Limit, ...]:
        """The limits that bind a call: the organization's, the project's, then the key's."""
        bound = self._by_subject
        return bound.get(self.id, ()) + bound.get(project_id, ()) + bound.get(key_id, ())


class _Pattern:
    """A name in which each `*` stands for any run of characters.

    No regular expression: those take time to the power of the stars on names chosen with malice.
    """

    __slots__ = ("_head", "_inner", "_tail")

    def __init__(self, pattern: str) -> None:
        self._head, *self._inner, self._tail = pattern.split("*")

    def matches(self, name: str) -> bool:
        start, end = len(self._head), len(name) - len(self._tail)
        if start > end or not (name.startswith(self._head) and name.endswith(self._tail)):
            return False
        for part in self._inner:
            found = name.find(part, start, end)
            if found < 0:
                return False
            start = found + len(part)
        return True


class _Routing:
    """Routes by what they match, so that a call looks at few of them."""

    __slots__ = ("_exact", "_patterns")

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[tuple[UUID | None, str], Route] = {}
        patterns: dict[UUID | None, list[Route]] = defaultdict(list)
        for route in routes:
            if "*" in route.pattern:
                patterns[route.project_id].append(route)
            else:
                self._exact[route.project_id, route.pattern] = route
        self._patterns = {project_id: _compiled(rows) for project_id, rows in patterns.items()}

    def find(self, project_id: UUID | None, model: str) -> Route | None:
        exact = self._exact.get((project_id, model))
        if exact:
            return exact
        patterns = self._patterns.get(project_id, ())
        return next((route for pattern, route in patterns if pattern.matches(model)), None)


def _compiled(routes: list[Route]) -> tuple[tuple[_Pattern, Route], ...]:
    longest_first = sorted(routes, key=lambda route: (-len(route.pattern), route.pattern))
    return tuple((_Pattern(route.pattern), route) for route in longest_first)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, tuple[Row, ...]]:
    groups: dict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: tuple(group) for name, group in groups.items()}
