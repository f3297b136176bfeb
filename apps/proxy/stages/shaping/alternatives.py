"""The request that a lever would have sent, as a worker can ask it later."""

import hmac
import random
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from apps.optimization.access import Lever
from apps.optimization.serving import SHADOW_SHARE
from apps.proxy.levers import Levers

_SALT = b"netra conversations of levers"
# How an answer is sent and traced; the answer is wanted whole, and the end user's is the call.
_SENT = frozenset({"stream", "stream_options", "user", "safety_identifier", "metadata", "store"})
_UNKNOWN = ("request:", "user_day:")
_random = random.SystemRandom()


def alternative(
    path: str, document: dict[str, Any], *, model: str, kind: str | None = None
) -> dict[str, Any]:
    """See Offer."""
    body = {name: value for name, value in document.items() if name not in _SENT}
    # Responses are stored unless one says otherwise.
    kept = {"store": False} if path.endswith("/responses") else {}
    named = {"path": path, "body": body | {"model": model} | kept}
    return named if kind is None else named | {"class": kind}


def conversation_draw(levers: Levers, data_key: bytes, lever: Lever) -> float:
    """In [0, 1): the same for all calls of a conversation, and nothing that a caller can guess."""
    named = f"{lever}:{levers.unit}".encode(errors="replace")
    digest = blake2b(named, key=keyed(data_key), digest_size=8).digest()
    return int.from_bytes(digest) / (1 << 64)


def is_drawn(share: float) -> bool:
    """True in so great a share of calls, each drawn for itself."""
    return _random.random() < share


def is_learnt(levers: Levers, lever: Lever, is_sampled: bool) -> bool:
    """Whether what is certified is asked all the same: SHADOW_SHARE of the conversations where the
    lever acts on the others, else as many calls.
    """
    return is_sampled if levers.policy.state(lever) == "on" else is_drawn(SHADOW_SHARE)


def picked(names: Sequence[str]) -> str:
    """One of them, each as likely as any other."""
    return _random.choice(names)


def is_conversation(levers: Levers) -> bool:
    """Whether the unit is one conversation, whose calls repeat what was said before."""
    return levers.unit is not None and not levers.unit.startswith(_UNKNOWN)


@lru_cache(maxsize=4096)  # one for each organization
def keyed(data_key: bytes) -> bytes:
    """The key of digests of what callers wrote, which tells nothing of the organization's own."""
    return hmac.digest(data_key, _SALT, "sha256")
