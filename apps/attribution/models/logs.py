"""The log of an experiment: rows, heads and statements are written once."""

from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from apps.attribution.models.experiments import Experiment, Period
from apps.kernel.errors import NetraError
from apps.kernel.ids import uuid7

Row = TypeVar("Row", bound=models.Model)


class NeverChanged(NetraError):
    code = "never_changed"
    http_status = 409
    message = "What was sealed is never changed. Write a correction instead."


class SealedQuerySet(models.QuerySet[Row]):
    """Refuses to change or remove a row; none is no row."""

    def update(self, **values: Any) -> int:
        if self.exists():
            raise NeverChanged
        return 0

    def delete(self) -> tuple[int, dict[str, int]]:
        if self.exists():
            raise NeverChanged
        return 0, {}


class Sealed(models.Model):
    """A row that is written once. Tenant tables have no triggers; the signed heads tell of anyone
    who goes past this model.
    """

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise NeverChanged
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverChanged


class ProofLog(models.Model):
    """One for each experiment. state: what the next batch needs (audit.State); changes with it.

    terms: the contract as archives hold it. sealed_key: the Ed25519 key under the organization's
    data key. opened: ids of its periods in order; the first is period 1.
    """

    experiment = models.OneToOneField(
        Experiment, on_delete=models.RESTRICT, primary_key=True, related_name="log"
    )
    terms = models.JSONField()
    sealed_key = models.BinaryField()
    public_key = models.CharField(max_length=64)
    opened = models.JSONField(default=list)
    state = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"log of {self.experiment_id}"


class SealedRow(Sealed):
    """One closed unit, or a call that compared answers. unit: its name, or "comparison:" and the
    call's id. line: canonical JSON; leaf: its hash as it was sealed, so that a line that was
    changed later can be named.
    """

    log = models.ForeignKey(ProofLog, on_delete=models.RESTRICT, related_name="rows")
    number = models.BigIntegerField()
    period = models.ForeignKey(Period, on_delete=models.RESTRICT, related_name="rows")
    unit = models.TextField()
    line = models.BinaryField()
    leaf = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("log", "number"), name="row_has_one_place"),
            models.UniqueConstraint(fields=("period", "unit"), name="unit_counts_once"),
        )

    def __str__(self) -> str:
        return f"row {self.number}"


class SealedHead(Sealed):
    """The signed head after a batch. line: what is mailed.

    savings: what was known with it (selectors.standing.Point), None in heads that are older.
    """

    log = models.ForeignKey(ProofLog, on_delete=models.RESTRICT, related_name="heads")
    batch = models.IntegerField()
    date = models.DateField()
    size = models.BigIntegerField()
    line = models.BinaryField()
    savings = models.JSONField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("log", "batch"), name="head_of_each_batch"),)

    def __str__(self) -> str:
        return f"head {self.batch}"


class RateDocument(Sealed):
    """A rate that a row names, by the hash of its content."""

    id = models.CharField(max_length=16, primary_key=True)
    document = models.JSONField()

    def __str__(self) -> str:
        return self.id


class SavingsStatement(Sealed):
    """A period's figures as they were closed. number: of the period within its experiment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    log = models.ForeignKey(ProofLog, on_delete=models.RESTRICT, related_name="statements")
    period = models.OneToOneField(Period, on_delete=models.RESTRICT, related_name="statement")
    number = models.IntegerField()
    document = models.JSONField()
    finalised_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("log", "number"), name="statement_of_each_period"),
        )

    def __str__(self) -> str:
        return f"statement {self.number}"


class SavingsCorrection(Sealed):
    """What a statement should have said, written beside it. fee_difference_minor: to be credited
    where it is negative.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    statement = models.ForeignKey(
        SavingsStatement, on_delete=models.RESTRICT, related_name="corrections"
    )
    reason = models.TextField()
    document = models.JSONField()
    fee_difference_minor = models.BigIntegerField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"correction of {self.statement_id}"
