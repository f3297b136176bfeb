"""Ask the ordinary tier for what no batch answered, several at once and each in its time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from apps.optimization.deadlines.selectors import DeferredCall
from apps.optimization.deadlines.services import (
    Answered,
    claim_late,
    open_request,
    release_claim,
    settle_call,
)
from apps.pricing.rates import PriceBook
from apps.proxy.batching.carriage import LONGEST_SECONDS, Carriage, CarriageFailed
from apps.proxy.batching.handing_in import CarriageOf
from apps.proxy.batching.pricing import answered_event, gateway_path, unanswered_event
from apps.proxy.retrying import RETRYABLE
from apps.tenants.models import Organization

log = structlog.get_logger(__name__)
AT_ONCE = 8
_PAUSE = timedelta(seconds=15)


class _Reply(NamedTuple):
    """status: None where nobody answered, and the call may be asked again."""

    row: DeferredCall
    status: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom it asks for, and at whose prices."""

    organization: Organization
    book: PriceBook
    carriage_of: CarriageOf
    clock: Callable[[], datetime]

    def ask_late(self) -> int:
        """Ask for all whose time is nearly up; returns how many were asked for."""
        count = 0
        while rows := claim_late(at=self.clock(), limit=AT_ONCE * 8):
            for reply in self._replies(rows):
                self._take(reply, at=self.clock())
            count += len(rows)
        return count

    def _replies(self, rows: Sequence[DeferredCall]) -> Iterator[_Reply]:
        """Threads talk to the gateway only: the tables are this thread's."""
        asked = [
            (row, self.carriage_of(row), open_request(self.organization, row, at=self.clock()))
            for row in rows
        ]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            yield from threads.map(lambda each: _ask(*each), asked)

    def _take(self, reply: _Reply, *, at: datetime) -> None:
        row, status = reply.row, reply.status
        if status is not None:
            event = answered_event(
                row, status=status, body=reply.body, by_batch=False, book=self.book, at=at
            )
            self._settle(row, Answered(event, reply.body), at=at)
        elif at < row.due_at:
            release_claim(call_id=row.pk, until=at + _PAUSE * row.attempt_count)
        else:
            event = unanswered_event(row, code="deadline_missed", at=at)
            self._settle(row, Answered(event, None), at=at)

    def _settle(self, row: DeferredCall, answered: Answered, *, at: datetime) -> None:
        settle_call(organization=self.organization, call_id=row.pk, answered=answered, at=at)


def _ask(row: DeferredCall, carriage: Carriage, body: bytes) -> _Reply:
    headers = {"content-type": "application/json"} | dict(row.headers)
    path = gateway_path(row)
    try:
        answer = carriage.send("POST", path, content=body, headers=headers, seconds=LONGEST_SECONDS)
    except CarriageFailed as error:
        log.warning("deferred_call_unanswered", call_id=str(row.pk), error=error.detail)
        return _Reply(row, None, b"")
    status = None if answer.status_code in RETRYABLE else answer.status_code
    return _Reply(row, status, answer.content)
