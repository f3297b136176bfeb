"""Imports of logs, in the schema of the organization whose calls they hold."""

from django.db import models

from apps.kernel.ids import uuid7


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


OPEN = (State.WAITING, State.RUNNING)


class Import(models.Model):
    """One uploaded file, how far it is read, and what was found in it.

    Every record is in exactly one of new_count, known_count, skipped_count and error_count, save
    that several broken calls of one line count as one error.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.CharField(max_length=100)
    project_id = models.UUIDField()
    name = models.CharField(max_length=200, help_text="The name of the file.")
    stored_name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the unpacked file.")
    byte_count = models.BigIntegerField(help_text="Of the unpacked file.")
    format = models.CharField(max_length=30, help_text="Empty until it is known.")
    container = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    failure = models.CharField(max_length=500)
    read_bytes = models.BigIntegerField(default=0)
    read_lines = models.BigIntegerField(default=0)
    new_count = models.BigIntegerField(default=0)
    known_count = models.BigIntegerField(default=0)
    skipped_count = models.BigIntegerField(default=0)
    error_count = models.BigIntegerField(default=0)
    first_at = models.DateTimeField(null=True, help_text="When the first call started.")
    last_at = models.DateTimeField(null=True, help_text="When the last call started.")
    same_as_id = models.UUIDField(null=True, help_text="An earlier import of the same file.")
    estimates = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "usage_import"
        indexes = (
            models.Index(fields=("created_at", "id"), name="imports_by_age"),
            models.Index(fields=("digest",), name="imports_by_digest"),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def percent(self) -> int:
        """How much of the file is read."""
        return int(100 * self.read_bytes / self.byte_count) if self.byte_count else 100


class LineError(models.Model):
    """A line that holds no call, and why. Bounded for each import; all of them are counted."""

    of_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="errors")
    line = models.BigIntegerField()
    reason = models.CharField(max_length=200)

    class Meta:
        db_table = "usage_import_error"
        indexes = (models.Index(fields=("of_import", "line", "id"), name="import_errors_by_line"),)

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Dimension(models.TextChoices):
    TOTAL = "total", "Total"
    MODEL = "model", "Model"
    DAY = "day", "Day"
    KEY = "key", "Key"
    USER = "user", "End user"
    TAG = "tag", "Tag"


class Spend(models.Model):
    """What the calls that an import added cost, by one value of one dimension.

    usd: by the price book; those without a price are in unpriced_count. reported_usd: what the
    source says that they cost.
    """

    of_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="spend")
    dimension = models.CharField(max_length=10, choices=Dimension)
    value = models.CharField(max_length=450)
    call_count = models.BigIntegerField()
    unpriced_count = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    usd = models.DecimalField(max_digits=38, decimal_places=12)
    reported_usd = models.DecimalField(max_digits=38, decimal_places=12)

    class Meta:
        db_table = "usage_import_spend"
        constraints = (
            models.UniqueConstraint(
                fields=("of_import", "dimension", "value"), name="one_spend_each_value"
            ),
        )

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}: {self.usd} USD"


class Pattern(models.Model):
    """What a lever sees again: a keyed hash, how often, and what it may have saved so far.

    Lives while the import runs. digest: of the organization's own key; no content can be found by
    it.
    """

    of_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="patterns")
    lever = models.CharField(max_length=20)
    digest = models.UUIDField()
    seen_count = models.BigIntegerField()
    last_at = models.DateTimeField()
    low_usd = models.DecimalField(max_digits=38, decimal_places=12)
    high_usd = models.DecimalField(max_digits=38, decimal_places=12)

    class Meta:
        db_table = "usage_import_pattern"
        constraints = (
            models.UniqueConstraint(
                fields=("of_import", "lever", "digest"), name="one_pattern_each_digest"
            ),
        )

    def __str__(self) -> str:
        return f"{self.lever} {self.digest}"


class TrialSum(models.Model):
    """What the calls of one day, or of one group of conversations, cost and would have saved.

    cluster: "day" or "group"; name: the day (UTC) or the group's number; lever: "" for the cost.
    """

    of_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="trials")
    cluster = models.CharField(max_length=10)
    name = models.CharField(max_length=10)
    lever = models.CharField(max_length=20)
    call_count = models.BigIntegerField()
    usd = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        db_table = "usage_import_trial"
        constraints = (
            models.UniqueConstraint(
                fields=("of_import", "cluster", "name", "lever"), name="one_trial_each_cluster"
            ),
        )

    def __str__(self) -> str:
        return f"{self.cluster} {self.name} {self.lever}: {self.usd} USD"
