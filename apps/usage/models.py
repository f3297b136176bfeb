"""What happened, in the schema of the organization that it happened to."""

from decimal import Decimal

from django.db import models

from apps.kernel.ids import uuid7


class UsageEvent(models.Model):
    """One call: `apps.kernel.events.Event` as a row, which never changes.

    What begins with `first_` is what was known when the call passed; `store.find_events` adds what
    holds now, under the name without it.

    The table is partitioned by month of `started_at`, and its key is (event_id, started_at); to
    Django the id alone is the key. Fields are those of Event, its buckets each a column.
    """

    # What holds after all adjustments.
    actual_usd: Decimal | None
    counterfactual_usd: Decimal | None
    price_version: int | None

    id = models.UUIDField(primary_key=True, db_column="event_id")
    started_at = models.DateTimeField()
    recorded_at = models.DateTimeField(help_text="When it reached this table.")
    batch_id = models.UUIDField(
        help_text="What was stored together; journals of the ledger name it."
    )
    kind = models.TextField()
    project_id = models.UUIDField()
    api_key_id = models.UUIDField(null=True)
    end_user = models.TextField(null=True)
    tags = models.JSONField()
    endpoint = models.TextField()
    dialect = models.TextField()
    provider = models.TextField(null=True)
    credential_id = models.UUIDField(null=True)
    requested_model = models.TextField(null=True)
    served_model = models.TextField(null=True)
    is_stream = models.BooleanField()
    status = models.SmallIntegerField(null=True)
    outcome = models.TextField()
    error_code = models.TextField(null=True)
    is_estimated = models.BooleanField()
    is_priced = models.BooleanField()
    attempts = models.JSONField()
    input_uncached = models.BigIntegerField()
    cache_read = models.BigIntegerField()
    cache_write_5m = models.BigIntegerField()
    cache_write_1h = models.BigIntegerField()
    output = models.BigIntegerField()
    reasoning = models.BigIntegerField()
    input_audio = models.BigIntegerField()
    output_audio = models.BigIntegerField()
    input_image = models.BigIntegerField()
    output_image = models.BigIntegerField()
    units = models.JSONField()
    first_price_version = models.BigIntegerField(null=True, db_column="price_version")
    policy_version = models.BigIntegerField(null=True)
    snapshot_version = models.BigIntegerField(null=True)
    admission_ms = models.FloatField(null=True)
    first_byte_ms = models.FloatField(null=True)
    upstream_ms = models.FloatField(null=True)
    overhead_ms = models.FloatField(null=True)
    total_ms = models.FloatField(null=True)
    request_bytes = models.BigIntegerField()
    response_bytes = models.BigIntegerField()
    conversation_id = models.TextField(null=True)
    provider_request_id = models.TextField(null=True)
    client_retry_count = models.IntegerField()
    unit = models.TextField(null=True)
    experiment_id = models.UUIDField(null=True)
    period_id = models.UUIDField(null=True)
    arm = models.TextField(null=True)
    propensity = models.FloatField(null=True)
    is_triggered = models.BooleanField()
    decisions = models.JSONField()
    first_counterfactual_usd = models.DecimalField(
        max_digits=38, decimal_places=18, null=True, db_column="counterfactual_usd"
    )
    first_actual_usd = models.DecimalField(
        max_digits=38, decimal_places=18, null=True, db_column="actual_usd"
    )
    decomposition = models.JSONField(help_text="Lever → saved USD as a string.")
    features = models.JSONField()
    content_ref = models.UUIDField(null=True)
    tier = models.TextField(null=True)
    region = models.TextField(null=True)
    untouched = models.JSONField(help_text="Charges, where a lever acted in an experiment.")
    schema_version = models.SmallIntegerField()

    class Meta:
        db_table = "usage_event"

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {self.endpoint}: {self.outcome}"


class Adjustment(models.Model):
    """What a later price of a call differs by from the one before it, as booked by a journal."""

    pk = models.CompositePrimaryKey("started_at", "event_id", "journal_id")
    event_id = models.UUIDField()
    started_at = models.DateTimeField()
    price_version = models.BigIntegerField()
    journal_id = models.UUIDField(help_text="UUIDv7: the latest is the largest.")
    unpriced_calls = models.BigIntegerField(help_text="-1 when the call had no price before.")
    actual_usd = models.DecimalField(max_digits=38, decimal_places=18)
    counterfactual_usd = models.DecimalField(max_digits=38, decimal_places=18)
    saved_usd = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        db_table = "usage_adjustment"

    def __str__(self) -> str:
        return f"{self.event_id}: {self.actual_usd} USD by version {self.price_version}"


class Refusal(models.Model):
    """An event that was not stored, and why: nothing disappears without a trace."""

    event_id = models.UUIDField()
    started_at = models.DateTimeField()
    reason = models.TextField()
    refused_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("event_id", "started_at"), name="one_refusal_each_event"
            ),
        )
        indexes = (models.Index(fields=("refused_at",), name="refusals_by_age"),)

    def __str__(self) -> str:
        return f"{self.event_id}: {self.reason}"


class StoredContent(models.Model):
    """Prompt and answer of a call whose project opted in, sealed by the gateway."""

    event_id = models.UUIDField(primary_key=True)
    stored_at = models.DateTimeField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "usage_content"
        indexes = (models.Index(fields=("stored_at",), name="contents_by_age"),)

    def __str__(self) -> str:
        return str(self.event_id)


class ProviderStatement(models.Model):
    """What a provider says that it charged in a month (UTC); the latest one that was given."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.TextField()
    month = models.DateField(help_text="Its first day.")
    source = models.TextField(help_text="Whose file it is: openai, anthropic or generic.")
    file_name = models.TextField()
    total_usd = models.DecimalField(max_digits=38, decimal_places=18)
    row_count = models.IntegerField()
    outside_count = models.IntegerField(help_text="Rows of other months, left out.")
    given_by = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "usage_statement"
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "month"), name="one_statement_each_provider_and_month"
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.month:%Y-%m}"


class ProviderStatementLine(models.Model):
    """What one model cost on one day by the provider's account; "" where it names no model."""

    statement = models.ForeignKey(ProviderStatement, on_delete=models.CASCADE, related_name="lines")
    day = models.DateField()
    model = models.TextField()
    amount_usd = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        db_table = "usage_statement_line"
        constraints = (
            models.UniqueConstraint(
                fields=("statement", "day", "model"), name="one_line_each_day_and_model"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.model}"
