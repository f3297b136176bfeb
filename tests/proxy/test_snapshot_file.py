import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from apps.pricing.rates import PriceBook
from apps.proxy.snapshot import Shard, Snapshot
from apps.proxy.snapshot_file import SnapshotFile
from apps.tenants.access import CredentialAccess, KeyAccess, Limit, OrganizationAccess

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYS = {"new": b"n" * 32, "old": b"o" * 32}
BOOK = PriceBook.from_catalogue({"providers": {}}, version=7)
SECRET = "sk-canary-of-the-snapshot"


def shard(number: int) -> Shard:
    organization_id = UUID(int=number)
    credential = CredentialAccess(UUID(int=10), organization_id, "openai", "Main", SECRET)
    limit = Limit(
        UUID(int=11), "organization", organization_id, "budget_usd", Decimal("1.5"), "day"
    )
    digest = bytes([number]) * 32
    key = KeyAccess(UUID(int=12), organization_id, UUID(int=13), "Key", False, frozenset("a"), AT)
    organization = OrganizationAccess(
        organization_id,
        "acme",
        f"tenant_{number}",
        version=number,
        credentials={credential.id: credential},
        limits=(limit,),
        data_key=b"d" * 32,
    )
    return Shard(organization, {digest: key})


def snapshot(*shards: Shard, version: int = 9) -> Snapshot:
    return Snapshot.empty(prices=BOOK, at=AT).with_organizations(shards, version=version, at=AT)


@pytest.fixture
def file(tmp_path: Path) -> SnapshotFile:
    return SnapshotFile(tmp_path / "snapshot", KEYS)


def test_what_was_written_is_read_back(file: SnapshotFile) -> None:
    written = snapshot(shard(1), shard(2))
    file.write(written)
    read = file.read()
    assert read is not None
    assert (read.version, read.built_at, read.shards) == (9, AT, written.shards)
    assert read.key(bytes([2]) * 32) == shard(2).keys[bytes([2]) * 32]
    assert read.prices.to_dict() == BOOK.to_dict()


def test_a_second_write_replaces_the_first(file: SnapshotFile) -> None:
    first = snapshot(shard(1), shard(2))
    file.write(first)
    second = first.with_organizations([shard(3)], removed=[UUID(int=1)], version=10, at=AT)
    file.write(second)
    read = file.read()
    assert read is not None
    assert (read.version, sorted(read.shards)) == (10, [UUID(int=2), UUID(int=3)])
    assert [path.name for path in file.path.parent.iterdir()] == ["gateway.snapshot"]


def test_the_file_is_its_owners_and_holds_no_secret_in_clear(file: SnapshotFile) -> None:
    file.write(snapshot(shard(1)))
    modes = [oct(path.stat().st_mode & 0o777) for path in (file.path, file.path.parent)]
    assert modes == ["0o600", "0o700"]
    content = file.path.read_bytes()
    assert [word for word in (SECRET, "acme", "d" * 32) if word.encode() in content] == []


def test_every_key_of_the_ring_opens_and_no_other(file: SnapshotFile, tmp_path: Path) -> None:
    SnapshotFile(tmp_path / "snapshot", {"old": KEYS["old"]}).write(snapshot(shard(1)))
    assert file.read() is not None
    assert SnapshotFile(tmp_path / "snapshot", {"new": KEYS["new"]}).read() is None
    assert SnapshotFile(tmp_path / "snapshot", {"old": KEYS["new"]}).read() is None


def test_no_file_is_no_snapshot(file: SnapshotFile) -> None:
    assert file.read() is None


@pytest.mark.parametrize("place", [0.0, 0.05, 0.1, 0.5, 0.9, 1.0])
def test_a_changed_byte_anywhere_voids_the_file(place: float, file: SnapshotFile) -> None:
    file.write(snapshot(shard(1)))
    content = bytearray(file.path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    file.path.write_bytes(content)
    assert file.read() is None


@pytest.mark.parametrize("kept", [0, 1, 20, 60, 200])
def test_a_cut_file_is_void(kept: int, file: SnapshotFile) -> None:
    file.write(snapshot(shard(1)))
    file.path.write_bytes(file.path.read_bytes()[:kept])
    assert file.read() is None


def test_a_file_of_another_format_is_passed_over(
    file: SnapshotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(snapshot(shard(1)))
    monkeypatch.setattr("apps.proxy.snapshot_file.SCHEMA_VERSION", 2)
    assert file.read() is None


def test_a_failed_write_leaves_the_last_file(
    file: SnapshotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(snapshot(shard(1)))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.write(snapshot(shard(2), version=10))
    read = file.read()
    assert read is not None
    assert read.version == 9
    assert [path.name for path in file.path.parent.iterdir()] == ["gateway.snapshot"]
