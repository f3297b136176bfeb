"""The last snapshot on disk, so that a gateway starts and serves while Postgres is away.

A line of JSON that names the format and the key, 12 bytes of nonce, then AES-256-GCM of lines of
JSON: what holds for all, the prices, each organization with its keys. It is sealed under a key
derived (HKDF-SHA-256, RFC 5869) from a key-encryption key, and the first line with it.
"""

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from apps.pricing.rates import PriceBook
from apps.proxy.snapshot import SCHEMA_VERSION, Shard, Snapshot
from apps.tenants.access import KeyAccess, OrganizationAccess

logger = structlog.get_logger(__name__)
NAME = "gateway.snapshot"
NONCE_BYTES = 12
PURPOSE = b"netra gateway snapshot"


class UnreadableSnapshot(Exception):
    """The file is damaged, of another format, or sealed under a key that we lack."""


class SnapshotFile:
    """One file in `folder`, written by any of the processes that share it.

    keys: key-encryption keys of 32 bytes by name; the first one seals, all of them open.
    """

    def __init__(self, folder: Path, keys: Mapping[str, bytes]) -> None:
        self._folder = folder
        self._keys = keys
        self._prices: tuple[PriceBook | None, bytes] = (None, b"")
        self._lines: dict[UUID, tuple[Shard, bytes]] = {}

    @property
    def path(self) -> Path:
        return self._folder / NAME

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file as a whole. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name, key = next(iter(self._keys.items()))
        head = orjson.dumps({"schema": snapshot.schema_version, "key": name}) + b"\n"
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(_derived(key)).encrypt(nonce, b"\n".join(self._encoded(snapshot)), head)
        _replace(self.path, head + nonce + sealed)

    def read(self) -> Snapshot | None:
        """What was last written; None, and a line in the log, when there is nothing to read."""
        try:
            return self._parsed(self.path.read_bytes())
        except FileNotFoundError:
            logger.info("snapshot_file_absent", path=str(self.path))
        except (OSError, UnreadableSnapshot) as error:
            logger.warning("snapshot_file_ignored", path=str(self.path), error=str(error))
        return None

    def _encoded(self, snapshot: Snapshot) -> Iterator[bytes]:
        """Lines of JSON; those of parts that did not change since the last time are kept."""
        yield orjson.dumps({"version": snapshot.version, "built_at": snapshot.built_at})
        if self._prices[0] is not snapshot.prices:
            self._prices = (snapshot.prices, orjson.dumps(snapshot.prices.to_dict()))
        yield self._prices[1]
        kept, self._lines = self._lines, {}
        for organization_id, shard in snapshot.shards.items():
            known = kept.get(organization_id)
            line = known[1] if known and known[0] is shard else orjson.dumps(_plain(shard))
            self._lines[organization_id] = (shard, line)
            yield line

    def _parsed(self, content: bytes) -> Snapshot:
        head, newline, sealed = content.partition(b"\n")
        try:
            facts = orjson.loads(head)
            schema, name = facts["schema"], facts["key"]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableSnapshot("it does not begin as a snapshot does") from error
        if schema != SCHEMA_VERSION:
            raise UnreadableSnapshot(f"it is of format {schema}, not {SCHEMA_VERSION}")
        if name not in self._keys:
            raise UnreadableSnapshot(f"NETRA_KEK lacks the key {name!r}, which sealed it")
        return _opened(_derived(self._keys[name]), sealed, head + newline)


def _opened(key: bytes, sealed: bytes, head: bytes) -> Snapshot:
    try:
        plain = AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], head)
        return _snapshot(plain.split(b"\n"))
    except InvalidTag as error:
        raise UnreadableSnapshot("it was changed or cut") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableSnapshot(f"its content is not as expected: {error!r}") from error


def _snapshot(lines: list[bytes]) -> Snapshot:
    facts, prices = orjson.loads(lines[0]), PriceBook.from_dict(orjson.loads(lines[1]))
    at = datetime.fromisoformat(facts["built_at"])
    shards = [_shard(orjson.loads(line)) for line in lines[2:]]
    empty = Snapshot.empty(prices=prices, at=at)
    return empty.with_organizations(shards, version=facts["version"], at=at)


def _plain(shard: Shard) -> dict[str, Any]:
    keys = {digest.hex(): key.to_dict() for digest, key in shard.keys.items()}
    return {"organization": shard.organization.to_dict(), "keys": keys}


def _shard(plain: Mapping[str, Any]) -> Shard:
    keys = {bytes.fromhex(name): KeyAccess.from_dict(key) for name, key in plain["keys"].items()}
    return Shard(OrganizationAccess.from_dict(plain["organization"]), keys)


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key)


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the machine stops; readable by its owner only."""
    fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
