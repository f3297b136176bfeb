"""Bring batches to their provider and results back; every step may be cut off and done again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from apps.optimization.deadlines.selectors import (
    Batch,
    DeferredCall,
    batch_call,
    calls_of,
    is_awaited,
    known_names,
)
from apps.optimization.deadlines.services import (
    Answered,
    end_batch,
    note_batch,
    open_request,
    settle_call,
)
from apps.pricing.rates import PriceBook
from apps.proxy.batching.anthropic import AnthropicBatches
from apps.proxy.batching.batches import Batches, Job, Line, Progress, Result
from apps.proxy.batching.carriage import Carriage, CarriageFailed
from apps.proxy.batching.openai import OpenAIBatches
from apps.proxy.batching.pricing import BATCH, answered_event, late_event
from apps.tenants.models import Organization
from apps.usage.services.ingestion import ingest_events

CarriageOf = Callable[[Batch | DeferredCall], Carriage]
log = structlog.get_logger(__name__)
BATCHES: Mapping[str, Batches] = {"openai": OpenAIBatches(), "anthropic": AnthropicBatches()}
SOONEST, LATEST = timedelta(seconds=15), timedelta(minutes=5)
# So often a provider may fail to do what it is asked before its calls are asked by themselves.
MOST_FAILURES = 8


@dataclass(frozen=True, slots=True)
class Rounds:
    """One look at the batches of an organization."""

    organization: Organization
    book: PriceBook
    at: datetime
    carriage_of: CarriageOf

    def advance(self, batch: Batch) -> None:
        """One step of a batch; what fails is tried again later, and in the end given up."""
        try:
            self._step(batch, BATCHES[batch.provider], self.carriage_of(batch))
        except CarriageFailed as error:
            log.warning("batch_failed", batch_id=str(batch.pk), error=error.detail)
            self._bear(batch, error)

    def _step(self, batch: Batch, api: Batches, carriage: Carriage) -> None:
        if batch.is_handed_in:
            self._look(batch, api, carriage)
        else:
            self._hand_in(batch, api, carriage)

    def _hand_in(self, batch: Batch, api: Batches, carriage: Carriage) -> None:
        calls = calls_of(batch)
        if not calls:
            end_batch(batch, at=self.at)
            return
        job = Job(batch.pk, batch.path, batch.headers, len(calls))
        name = None
        if batch.may_be_there:
            name = api.find(carriage, job, known=known_names(batch))
        if name is None:
            note_batch(batch, is_sent=True)
            name = api.hand_in(carriage, job, [self._line(each) for each in calls])
        note_batch(batch, name=name, look_at=self.at + SOONEST)

    def _line(self, row: DeferredCall) -> Line:
        return Line(row.pk, open_request(self.organization, row, at=self.at))

    def _look(self, batch: Batch, api: Batches, carriage: Carriage) -> None:
        progress = api.look(carriage, batch.provider_batch_id)
        if progress.is_ended:
            self._bring_back(batch, api, carriage, progress)
            return
        if not is_awaited(batch):
            api.cancel(carriage, batch.provider_batch_id)
        age = self.at - batch.created_at
        note_batch(batch, look_at=self.at + min(LATEST, max(SOONEST, age / 10)))

    def _bring_back(
        self, batch: Batch, api: Batches, carriage: Carriage, progress: Progress
    ) -> None:
        for result in api.results(carriage, progress):
            if result.status is not None:
                self._settle(batch, result, result.status)
        end_batch(batch, at=self.at)
        api.forget(carriage, progress)

    def _settle(self, batch: Batch, result: Result, status: int) -> None:
        row = batch_call(batch, result.call_id)
        if row is None:
            return
        event = answered_event(
            row, status=status, body=result.body, by_batch=True, book=self.book, at=self.at
        )
        answered = Answered(event, result.body)
        is_new = settle_call(
            organization=self.organization, call_id=row.pk, answered=answered, at=self.at
        )
        if not is_new and row.tier != BATCH:
            late = late_event(event)
            ingest_events(organization=self.organization, events=[late], at=self.at)

    def _bear(self, batch: Batch, error: CarriageFailed) -> None:
        failures = batch.failure_count + 1
        if error.is_final or failures >= MOST_FAILURES:
            end_batch(batch, at=self.at)
        else:
            pause = min(LATEST, SOONEST * 2**failures)
            note_batch(batch, failure_count=failures, look_at=self.at + pause)
