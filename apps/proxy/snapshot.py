"""All that the gateway knows, at one version: immutable, and swapped as a whole.

Keys lie in buckets by the first byte of their digest, so that the next version copies only the
buckets that changed and shares the rest.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self, TypeVar
from uuid import UUID

import structlog

from apps.attribution import access as attribution
from apps.kernel.plain import Plain
from apps.optimization import access as optimization
from apps.optimization import certificates as certifying
from apps.pricing.rates import PriceBook
from apps.tenants.access import KeyAccess, OrganizationAccess

logger = structlog.get_logger(__name__)
Part = TypeVar("Part", bound=Plain)
SCHEMA_VERSION = 1
BUCKETS = 256
_NO_KEYS: Mapping[bytes, KeyAccess] = {}


@dataclass(frozen=True, slots=True)
class Shard:
    """One organization and its keys, by the 32 bytes of their digests; its parts taken apart."""

    organization: OrganizationAccess
    keys: Mapping[bytes, KeyAccess]
    policies: optimization.Policies = field(init=False, repr=False, compare=False)
    experiments: attribution.Experiments = field(init=False, repr=False, compare=False)
    certificates: certifying.Certificates = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        policies = _part(self.organization, optimization.PART, optimization.Policies)
        experiments = _part(self.organization, attribution.PART, attribution.Experiments)
        certificates = _part(self.organization, certifying.PART, certifying.Certificates)
        object.__setattr__(self, "policies", policies or optimization.Policies.closed())
        object.__setattr__(self, "experiments", experiments or attribution.Experiments())
        object.__setattr__(self, "certificates", certificates or certifying.Certificates())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What holds from `built_at` on.

    version: never falls, also over restarts; the greatest version of the organizations seen.
    Make the first one by `empty(...)`, each next by `with_organizations(...)`.
    """

    version: int
    built_at: datetime
    prices: PriceBook
    shards: Mapping[UUID, Shard]
    _buckets: tuple[Mapping[bytes, KeyAccess], ...]
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def empty(cls, *, prices: PriceBook, at: datetime) -> Self:
        """A snapshot that knows nobody."""
        return cls(0, at, prices, {}, (_NO_KEYS,) * BUCKETS)

    def key(self, digest: bytes) -> KeyAccess | None:
        """The key whose text has this HMAC-SHA-256 (32 bytes)."""
        return self._buckets[digest[0]].get(digest)

    def organization(self, organization_id: UUID) -> OrganizationAccess | None:
        """All that is configured in an organization."""
        shard = self.shards.get(organization_id)
        return shard.organization if shard else None

    def with_organizations(
        self,
        changed: Iterable[Shard],
        *,
        removed: Collection[UUID] = (),
        version: int,
        at: datetime,
    ) -> Self:
        """The next snapshot: `changed` replace or join what is known, `removed` leave.

        version: of the rows that were read; the result has the greater of it and our own.
        """
        shards = dict(self.shards)
        leaving = [shards.pop(organization_id, None) for organization_id in removed]
        joining = list(changed)
        leaving += [shards.get(shard.organization.id) for shard in joining]
        shards |= {shard.organization.id: shard for shard in joining}
        buckets = _rebuilt(self._buckets, filter(None, leaving), joining)
        version = max(version, self.version)
        return replace(self, version=version, built_at=at, shards=shards, _buckets=buckets)

    def with_prices(self, prices: PriceBook) -> Self:
        """The same, priced by another book."""
        return replace(self, prices=prices)


def _part(organization: OrganizationAccess, name: str, kind: type[Part]) -> Part | None:
    """What an app says of the organization; None, and a line in the log, for what nobody can read:
    one bad part must not take the gateway from everybody.
    """
    try:
        return kind.from_dict(organization.parts.get(name, {}))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logger.error(
            "snapshot_part_unreadable", part=name, subject=str(organization.id), error=repr(error)
        )
        return None


def _rebuilt(
    buckets: tuple[Mapping[bytes, KeyAccess], ...],
    leaving: Iterable[Shard],
    joining: Iterable[Shard],
) -> tuple[Mapping[bytes, KeyAccess], ...]:
    """Copies of the buckets that lose or gain a key, the others as they are."""
    copies: dict[int, dict[bytes, KeyAccess]] = {}
    for digest, _ in _keys_of(leaving):
        copies.setdefault(digest[0], dict(buckets[digest[0]])).pop(digest, None)
    for digest, key in _keys_of(joining):
        copies.setdefault(digest[0], dict(buckets[digest[0]]))[digest] = key
    return tuple(copies.get(index, bucket) for index, bucket in enumerate(buckets))


def _keys_of(shards: Iterable[Shard]) -> Iterator[tuple[bytes, KeyAccess]]:
    for shard in shards:
        yield from shard.keys.items()
