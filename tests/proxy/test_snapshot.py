from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.pricing.rates import PriceBook
from apps.proxy.snapshot import Shard, Snapshot
from apps.tenants.access import KeyAccess, OrganizationAccess

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


PRICES = PriceBook.from_catalogue({"providers": {}}, version=1)
EMPTY = Snapshot.empty(prices=PRICES, at=AT)


def shard(number: int, *digests: bytes, slug: str = "acme") -> Shard:
    organization = OrganizationAccess(UUID(int=number), slug, f"tenant_{number}")
    keys = {
        digest: KeyAccess(
            UUID(bytes=digest[:16]), organization.id, UUID(int=9), "Key", False, frozenset()
        )
        for digest in digests
    }
    return Shard(organization, keys)


def digest(first: int, rest: int = 0) -> bytes:
    return bytes([first]) + bytes([rest]) * 31


def test_a_key_is_found_by_its_digest() -> None:
    ours = shard(1, digest(3), digest(3, 1))
    snapshot = EMPTY.with_organizations([ours, shard(2, digest(4))], version=5, at=AT)
    assert snapshot.key(digest(3, 1)) == ours.keys[digest(3, 1)]
    assert snapshot.key(digest(3, 2)) is None
    assert snapshot.organization(UUID(int=1)) == ours.organization
    assert snapshot.organization(UUID(int=3)) is None


def test_the_next_snapshot_forgets_keys_that_are_gone_and_leaves_the_old_as_it_was() -> None:
    old = EMPTY.with_organizations([shard(1, digest(3), digest(4))], version=5, at=AT)
    new = old.with_organizations([shard(1, digest(4))], version=6, at=AT)
    assert (new.key(digest(3)), new.key(digest(4)) is None) == (None, False)
    assert old.key(digest(3)) is not None


def test_a_removed_organization_takes_its_keys_along() -> None:
    old = EMPTY.with_organizations([shard(1, digest(3)), shard(2, digest(4))], version=5, at=AT)
    new = old.with_organizations([], removed=[UUID(int=1), UUID(int=8)], version=6, at=AT)
    assert (new.key(digest(3)), new.organization(UUID(int=1))) == (None, None)
    assert new.key(digest(4)) == old.key(digest(4))


def test_what_did_not_change_is_shared() -> None:
    old = EMPTY.with_organizations([shard(1, digest(3)), shard(2, digest(4))], version=5, at=AT)
    new = old.with_organizations([shard(1, digest(3, 7))], version=6, at=AT)
    assert new.shards[UUID(int=2)] is old.shards[UUID(int=2)]
    assert new._buckets[4] is old._buckets[4]


def test_the_version_never_falls() -> None:
    snapshot = EMPTY.with_organizations([], version=9, at=AT)
    assert snapshot.with_organizations([], version=3, at=AT).version == 9


shards = st.builds(
    lambda number, firsts: shard(number, *(digest(first, number) for first in firsts)),
    st.integers(0, 3),
    st.sets(st.integers(0, 255), max_size=4),
)


@given(st.lists(st.lists(shards, unique_by=lambda each: each.organization.id)))
def test_steps_end_where_one_step_would(steps: list[list[Shard]]) -> None:
    snapshot = EMPTY
    for step in steps:
        snapshot = snapshot.with_organizations(step, version=1, at=AT)
    latest = {each.organization.id: each for step in steps for each in step}
    assert snapshot.shards == latest
    at_once = EMPTY.with_organizations(latest.values(), version=1, at=AT)
    assert snapshot._buckets == at_once._buckets
