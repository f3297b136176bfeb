"""Calls that are answered later, and the providers' batches that answer them."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    BATCHED = "batched", "In a batch"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN = (State.WAITING, State.BATCHED)


class BatchState(models.TextChoices):
    NEW = "new", "To be handed in"
    SENT = "sent", "Handed in, unconfirmed"
    RUNNING = "running", "Running"
    ENDED = "ended", "Ended"


class Batch(models.Model):
    """Calls of one key that one provider answers together.

    From SENT until RUNNING it is not known whether the provider has it: whoever goes on looks there
    first. provider_batch_id: the provider's name of it. look_at: not looked at before.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField()
    project_id = models.UUIDField()
    api_key_id = models.UUIDField(null=True)
    provider = models.TextField()
    credential_id = models.UUIDField()
    endpoint = models.TextField()
    path = models.TextField()
    headers = models.JSONField()
    state = models.TextField(choices=BatchState, default=BatchState.NEW)
    provider_batch_id = models.TextField(default="")
    failure_count = models.IntegerField(default=0)
    look_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "deferred_batch"
        indexes = (
            models.Index(
                fields=("look_at",), condition=~Q(state="ended"), name="batches_to_look_at"
            ),
        )

    @property
    def is_handed_in(self) -> bool:
        return self.state in (BatchState.RUNNING, BatchState.ENDED)

    @property
    def may_be_there(self) -> bool:
        return self.state == BatchState.SENT

    def __str__(self) -> str:
        return f"{self.provider} {self.provider_batch_id or self.id}: {self.state}"


class DeferredCall(models.Model):
    """One call that the gateway put off; its id is that of its record.

    event: the record as far as the gateway knew it. sealed_request goes once nobody has to ask
    again, sealed_result at expires_at. asks_itself: no batch is to answer it. claimed_until:
    somebody asks the ordinary tier meanwhile. recorded_at: when its one record was stored; a call
    that was cancelled in a batch has it later than its end.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    created_at = models.DateTimeField(help_text="When the call began.")
    due_at = models.DateTimeField()
    fallback_at = models.DateTimeField(help_text="When the ordinary tier is asked at the latest.")
    project_id = models.UUIDField()
    api_key_id = models.UUIDField(null=True)
    endpoint = models.TextField()
    path = models.TextField()
    provider = models.TextField()
    credential_id = models.UUIDField()
    model = models.TextField()
    headers = models.JSONField()
    event = models.TextField()
    state = models.TextField(choices=State, default=State.WAITING)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="calls")
    asks_itself = models.BooleanField(default=False)
    claimed_until = models.DateTimeField(null=True)
    attempt_count = models.IntegerField(default=0)
    status_code = models.IntegerField(null=True)
    error_code = models.TextField(default="")
    tier = models.TextField(default="")
    cost_usd = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    saved_usd = models.DecimalField(max_digits=38, decimal_places=18, default=Decimal(0))
    finished_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    sealed_request = models.BinaryField(null=True)
    sealed_result = models.BinaryField(null=True)

    class Meta:
        db_table = "deferred_call"
        indexes = (
            models.Index(fields=("-created_at", "-id"), name="deferred_calls_by_age"),
            models.Index(
                fields=("fallback_at",),
                condition=Q(state__in=("waiting", "batched")),
                name="deferred_calls_open",
            ),
            models.Index(
                fields=("expires_at",),
                condition=Q(sealed_result__isnull=False),
                name="deferred_results_by_end",
            ),
            models.Index(
                fields=("id",),
                condition=Q(recorded_at__isnull=True),
                name="deferred_calls_unrecorded",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
