"""An answer as it is kept: sealed under the organization's data key, bound to where it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from apps.kernel.plain import Plain
from apps.tenants.vault import CannotOpen, binding, seal, unseal


@dataclass(frozen=True, slots=True)
class Entry(Plain):
    """A complete answer.

    document: it, as the provider gives it to who does not stream, UTF-8. asked_at: when the call
    began that it answered. event_id: of that call. buckets: its tokens, as TokenBuckets.to_list.
    question: what the call asked, where answers are given to near questions.
    """

    document: str = field(repr=False)
    asked_at: datetime
    event_id: UUID
    provider: str
    requested_model: str
    served_model: str | None
    buckets: tuple[int, ...]
    units: Mapping[str, int] = field(default_factory=dict)
    service_tier: str | None = None
    tags: frozenset[str] = frozenset()
    question: str | None = field(default=None, repr=False)


def sealed(entry: Entry, data_key: bytes, *, organization_id: UUID, key: str) -> bytes:
    """The entry for the store. `key` is that under which it is put there."""
    plain = orjson.dumps(entry.to_dict())
    return seal(data_key, plain, bound_to=_binding(organization_id, key))


def opened(kept: bytes, data_key: bytes, *, organization_id: UUID, key: str) -> Entry | None:
    """The entry; None for what was sealed elsewhere, is damaged, or of another release."""
    try:
        plain: dict[str, Any] = orjson.loads(
            unseal(data_key, kept, bound_to=_binding(organization_id, key))
        )
        return Entry.from_dict(plain)
    except (CannotOpen, ValueError, TypeError, KeyError):
        return None


def _binding(organization_id: UUID, key: str) -> bytes:
    return binding(organization_id, f"answer:{key}")
