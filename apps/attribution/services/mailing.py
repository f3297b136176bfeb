"""Signed heads to whom they are evidence for: the finance contact's mailbox, and webhooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.db.models import QuerySet

from apps.attribution.models import ProofLog, SealedHead
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.tenants.models import Organization

_ADVICE = (
    "Keep it: with netra_verify.py it shows that nothing of the log of your savings was changed "
    "later. The e-mail to your finance contact has the lines that are signed."
)


def announce_heads(*, organization: Organization, at: datetime) -> list[SealedHead]:
    """Send the last head of each log that none was sent of since, all in one message; those that
    were sent. A log only grows, so that its last head fixes all before it. To be called once what
    is due was sealed: a head whose message was lost with its process is sent the next time. Inside
    the scope.
    """
    heads = [head for head in _last_heads() if not _is_told(organization, head)]
    if not heads or not announce(organization=organization, news=_news(heads), at=at):
        return []
    return heads


def fingerprint(public_key_hex: str) -> str:
    """SHA-256 of an Ed25519 public key (hex), in hexadecimal."""
    return sha256(bytes.fromhex(public_key_hex)).hexdigest()


def _last_heads() -> list[SealedHead]:
    """Of each log, the oldest log first."""
    logs = ProofLog.objects.order_by("created_at", "pk").only("pk")
    last = (_heads_of(log).last() for log in logs)
    return [head for head in last if head]


def _heads_of(log: ProofLog) -> QuerySet[SealedHead]:
    # The state of a log is large, and says nothing here.
    known = log.heads.select_related("log__experiment").defer("log__state")
    return known.order_by("batch")


def _is_told(organization: Organization, head: SealedHead) -> bool:
    named = [{"experiment_id": str(head.log_id), "batch": head.batch}]
    told = organization.notices.filter(kind=Kind.HEAD_SIGNED, payload__heads__contains=named)
    return told.exists()


def _news(heads: Sequence[SealedHead]) -> News:
    facts = [_facts(head) for head in heads]
    lines = "\n".join(each["line"] for each in facts)
    return News(
        kind=Kind.HEAD_SIGNED,
        once=sha256(lines.encode()).hexdigest(),
        subject=_subject(heads),
        advice=_ADVICE,
        payload={"heads": facts},
        page="proof",
    )


def _subject(heads: Sequence[SealedHead]) -> str:
    if len(heads) == 1:
        return f"Signed head of {heads[0].date.isoformat()}: {heads[0].size:,} leaves"
    last = max(head.date for head in heads)
    return f"Signed heads of {len(heads)} experiments up to {last.isoformat()}"


def _facts(head: SealedHead) -> Mapping[str, Any]:
    line = bytes(head.line)
    signed = orjson.loads(line)
    return {
        "experiment_id": str(head.log_id),
        "experiment": head.log.experiment.name,
        "date": head.date.isoformat(),
        "batch": head.batch,
        "size": head.size,
        "root": signed["head"]["root"],
        "signature": signed["signature"],
        "public_key": head.log.public_key,
        "fingerprint": fingerprint(head.log.public_key),
        "line": line.decode(),
    }
