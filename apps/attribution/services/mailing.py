"""Signed heads to whom they are evidence for: the finance contact's mailbox, and webhooks."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

import orjson

from apps.attribution.models import SealedHead
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.tenants.models import Organization

_ADVICE = (
    "Keep it: with netra_verify.py it shows that nothing of the log of your savings was changed "
    "later. The e-mail to your finance contact has the line that is signed."
)


def announce_heads(
    *, organization: Organization, heads: Iterable[SealedHead], at: datetime
) -> list[SealedHead]:
    """Send the last head of each day, once; those that were sent. Runs in the transaction that
    sealed them, so that none is sealed and not sent.
    """
    last = {(head.log_id, head.date): head for head in heads}
    return [
        head
        for head in last.values()
        if announce(organization=organization, news=_news(head), at=at)
    ]


def fingerprint(public_key_hex: str) -> str:
    """SHA-256 of an Ed25519 public key (hex), in hexadecimal."""
    return sha256(bytes.fromhex(public_key_hex)).hexdigest()


def _news(head: SealedHead) -> News:
    line = bytes(head.line)
    signed = orjson.loads(line)
    return News(
        kind=Kind.HEAD_SIGNED,
        once=f"{head.log_id}:{head.batch}",
        subject=f"Signed head of {head.date.isoformat()}: {head.size:,} leaves",
        advice=_ADVICE,
        payload={
            "experiment_id": str(head.log_id),
            "date": head.date.isoformat(),
            "batch": head.batch,
            "size": head.size,
            "root": signed["head"]["root"],
            "signature": signed["signature"],
            "public_key": head.log.public_key,
            "fingerprint": fingerprint(head.log.public_key),
            "line": line.decode(),
        },
        page="proof",
    )
