"""The books of all organizations: journals that balance, written once, and daily totals.

Public, because a tenant's schema has no triggers. They outlive organizations, so they name them by
id only.
"""

import pgtrigger
from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7

# What was used stands on the account "used:KIND", where it came from on "source:KIND".
USED, SOURCE = "used", "source"
_WRITTEN_ONCE = pgtrigger.Protect(
    name="written_once", operation=pgtrigger.Update | pgtrigger.Delete
)
_BALANCED = """
IF (SELECT sum(amount) FROM public.ledger_entry
    WHERE journal_id = NEW.journal_id AND unit = NEW.unit) <> 0 THEN
    RAISE EXCEPTION 'journal % does not balance in %', NEW.journal_id, NEW.unit
        USING ERRCODE = 'integrity_constraint_violation';
END IF;
RETURN NULL;
"""


class Unit(models.TextChoices):
    """What amounts are of; sums are made within one unit only."""

    CALLS = "calls"
    TOKENS = "tokens"
    USD = "usd"
    SAVED_USD = "saved_usd"
    VALIDATION_MINUTES = "validation_minutes"


class JournalKind(models.TextChoices):
    USAGE = "usage"
    ADJUSTMENT = "adjustment"


class Journal(models.Model):
    """What was booked at once for one project and one month; its entries sum to 0 in each unit.

    period: the first day of the month (UTC) in which it happened. batch_id: that of the events that
    a usage journal stands for, which started in [first_at, last_at].
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    project_id = models.UUIDField()
    period = models.DateField()
    kind = models.TextField(choices=JournalKind.choices)
    idempotency_key = models.TextField(help_text="The same key is booked once.")
    booked_at = models.DateTimeField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    batch_id = models.UUIDField(null=True)
    price_version = models.BigIntegerField(null=True, help_text="What an adjustment priced with.")

    class Meta:
        triggers = (_WRITTEN_ONCE,)
        constraints = (
            models.UniqueConstraint(
                fields=("organization_id", "idempotency_key"), name="one_journal_each_key"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=JournalKind.values), name="journal_kind_is_known"
            ),
        )
        indexes = (models.Index(fields=("organization_id", "period"), name="journals_by_period"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.idempotency_key}"


class Entry(models.Model):
    """One side of a journal: an amount, positive or negative, of a unit on an account."""

    id = models.BigAutoField(primary_key=True)
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    unit = models.TextField(choices=Unit.choices)
    account = models.TextField()
    amount = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        triggers = (
            _WRITTEN_ONCE,
            pgtrigger.Trigger(
                name="balanced",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=_BALANCED,
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("journal", "unit", "account"), name="one_entry_each_account"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="entry_is_not_zero"),
            models.CheckConstraint(condition=Q(unit__in=Unit.values), name="entry_unit_is_known"),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.unit} on {self.account}"


class Repricing(models.Model):
    """Somebody of staff had a month (UTC) of an organization priced by a version of the price book.

    outcome: counts and the difference in USD as a string, once it is done; see
    `apps.usage.services.repricing.Outcome`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    period = models.DateField()
    price_version = models.BigIntegerField()
    requested_by = models.CharField(max_length=254)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)

    class Meta:
        indexes = (
            models.Index(fields=("organization_id", "period"), name="repricings_of_a_month"),
        )

    def __str__(self) -> str:
        return f"{self.period:%Y-%m} of {self.organization_id} by version {self.price_version}"


class OrganizationDay(models.Model):
    """What an organization did on one day (UTC), by kind of call, for staff and for our revenue."""

    id = models.BigAutoField(primary_key=True)
    organization_id = models.UUIDField()
    date = models.DateField()
    kind = models.TextField()
    calls = models.BigIntegerField()
    unpriced_calls = models.BigIntegerField()
    tokens = models.BigIntegerField()
    spend_usd = models.DecimalField(max_digits=38, decimal_places=18)
    saved_usd = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization_id", "date", "kind"), name="one_row_each_day_and_kind"
            ),
        )
        indexes = (models.Index(fields=("date",), name="organization_days_by_date"),)

    def __str__(self) -> str:
        return f"{self.organization_id} on {self.date}"


class Discrepancy(models.Model):
    """Figures that should be equal and were not when somebody looked; a person must find out why.

    places: where the figures stand → figure, as strings.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    project_id = models.UUIDField(null=True)
    period = models.DateField()
    unit = models.TextField()
    places = models.JSONField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, help_text="When the figures were equal again.")

    class Meta:
        verbose_name_plural = "discrepancies"
        constraints = (
            models.UniqueConstraint(
                fields=("organization_id", "project_id", "period", "unit"),
                condition=Q(resolved_at=None),
                nulls_distinct=False,
                name="one_open_discrepancy_each_figure",
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit} of {self.period} in {self.organization_id}"
