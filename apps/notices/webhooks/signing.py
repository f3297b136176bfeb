"""Secrets and signatures.

Source: the specification of Standard Webhooks, "Signature scheme" and "Webhook headers": symmetric
signatures are HMAC-SHA256 over `id.timestamp.body`, as base64 after `v1,`; several, of a secret
that is being rotated out, are separated by a space.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64; the specification asks for 24 to 64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(
    message_id: str, body: bytes, *, signed_by: Sequence[str], at: datetime
) -> dict[str, str]:
    """The three headers of a message sent at `at`. signed_by: secrets, the newest first."""
    timestamp = int(at.timestamp())
    signatures = [_signature(secret, message_id, timestamp, body) for secret in signed_by]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
