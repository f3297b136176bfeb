"""Act once per `Idempotency-Key`: the change and its reply commit together, or neither does."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.kernel.errors import NetraError
from apps.tenants.context import current_tenant
from apps.tenants.idempotency.models import Reply
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import binding, seal, unseal

KEPT = timedelta(hours=24)


class KeyReused(NetraError):
    code = "idempotency_key_reused"
    http_status = 422
    message = "This Idempotency-Key came with another request before. Use a new key for each."


class StillRunning(NetraError):
    code = "request_still_running"
    http_status = 409
    message = "A request with this Idempotency-Key is still running. Try again in a moment."
    retry_after_seconds = 1


@dataclass(frozen=True, slots=True)
class Request:
    """A POST that names an idempotency key. fingerprint: SHA-256 of method, path and body."""

    caller: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of a response; is_replayed when it was given before."""

    status: int
    body: bytes
    is_replayed: bool = False


def fingerprint(method: str, path: str, body: bytes) -> str:
    """SHA-256 in hex of what makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


@transaction.atomic
def answer_once(request: Request, act: Callable[[], Answer], *, at: datetime) -> Answer:
    """The answer given to this request before, else that of `act`, which is then kept.

    act: runs in this transaction, undoes its own changes when it fails, and may raise; nothing is
    kept then, nor for a status of 500 and above. A process that dies in between leaves neither
    change nor reply, so the next try acts. Raises KeyReused, StillRunning.
    """
    _claim(request)
    kept = Reply.objects.filter(
        caller=request.caller, key=request.key, created_at__gt=at - KEPT
    ).first()
    if kept:
        return _replayed(kept, request, at=at)
    answer = act()
    if answer.status < 500:
        _keep(request, answer, at=at)
    return answer


def prune_replies(*, at: datetime) -> int:
    """Forget the replies of the current organization that are too old; returns how many."""
    count, _ = Reply.objects.filter(created_at__lte=at - KEPT).delete()
    return count


def _claim(request: Request) -> None:
    # Postgres lets go of this lock when the transaction or the connection ends, however it ends.
    name = f"{current_tenant().pk}:{request.caller}:{request.key}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (is_mine,) = cursor.fetchone()
    if not is_mine:
        raise StillRunning


def _replayed(kept: Reply, request: Request, *, at: datetime) -> Answer:
    if kept.fingerprint != request.fingerprint:
        raise KeyReused
    key = data_key(current_tenant(), at=at)
    return Answer(kept.status, unseal(key, bytes(kept.sealed_body), bound_to=_bound(request)), True)


def _keep(request: Request, answer: Answer, *, at: datetime) -> None:
    key = data_key(current_tenant(), at=at)
    Reply.objects.update_or_create(
        caller=request.caller,
        key=request.key,
        defaults={
            "fingerprint": request.fingerprint,
            "status": answer.status,
            "sealed_body": seal(key, answer.body, bound_to=_bound(request)),
            "created_at": at,
        },
    )


def _bound(request: Request) -> bytes:
    return binding(current_tenant().pk, f"reply:{request.caller}:{request.key}")
