"""Writes about calls that are answered later. Run inside the organization's scope."""

from apps.optimization.deadlines.services.accepting import accept_deferred
from apps.optimization.deadlines.services.cancelling import (
    DeferredCallEnded,
    cancel_deferred,
    record_cancelled,
)
from apps.optimization.deadlines.services.delivering import expire_results, open_result
from apps.optimization.deadlines.services.gathering import (
    claim_late,
    end_batch,
    gather_batches,
    note_batch,
    open_request,
)
from apps.optimization.deadlines.services.settling import Answered, release_claim, settle_call

__all__ = [
    "Answered",
    "DeferredCallEnded",
    "accept_deferred",
    "cancel_deferred",
    "claim_late",
    "end_batch",
    "expire_results",
    "gather_batches",
    "note_batch",
    "open_request",
    "open_result",
    "record_cancelled",
    "release_claim",
    "settle_call",
]
