"""Calls of our own workers: a pass in `Netra-Pass` in place of a key.

No lever acts on them and no experiment counts them; limits, routes and credentials are those of the
project, or of the key in whose place the pass stands.
"""

from datetime import datetime
from uuid import UUID

from apps.kernel.errors import NetraError
from apps.proxy.snapshot import Shard, Snapshot
from apps.tenants.access import KeyAccess
from apps.tenants.passes import Pass, opened

HEADER = b"netra-pass"
_NAME = "Netra"
_NO_KEY = UUID(int=0)


class PassRefused(NetraError):
    """Said as to a wrong key: who made it up learns nothing."""

    code = "invalid_api_key"
    http_status = 401
    message = "This pass is no pass of this installation, or its time is over. Send an API key."


def read_pass(text: str, keys: tuple[bytes, ...], *, at: datetime) -> Pass:
    """Raises PassRefused."""
    found = opened(text, keys, at=at)
    if found is None:
        raise PassRefused
    return found


def key_of(given: Pass, snapshot: Snapshot, *, scope: str) -> KeyAccess:
    """The key in whose place the pass stands, or one for this call alone. Raises PassRefused."""
    shard = snapshot.shards.get(given.organization_id)
    if shard is None:
        raise PassRefused
    if given.key_id is None:
        scopes = frozenset({scope})
        return KeyAccess(_NO_KEY, given.organization_id, given.project_id, _NAME, False, scopes)
    key = _key(shard, given.key_id)
    if key is None or key.project_id != given.project_id:
        raise PassRefused
    return key


def _key(shard: Shard, key_id: UUID) -> KeyAccess | None:
    return next((each for each in shard.keys.values() if each.id == key_id), None)
