"""Published prices and what organizations agreed on; both stay as they are once written."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.pricing.rates.book import ANY
from apps.tenants.models import Organization
from apps.tenants.models.audit import audited

CHANNEL = "gateway_prices"
_WRITTEN_ONCE = pgtrigger.Protect(
    name="written_once", operation=pgtrigger.Update | pgtrigger.Delete
)


@audited(exclude=("content",))
class Catalogue(models.Model):
    """A list of prices as apps/pricing/catalogue reads it, kept for ever."""

    digest = models.CharField(max_length=64, primary_key=True, editable=False)
    edition = models.DateField(help_text="The day whose prices these are.")
    source = models.CharField(max_length=300)
    content = models.JSONField()
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        triggers = (_WRITTEN_ONCE,)

    def __str__(self) -> str:
        return f"{self.edition} ({self.digest[:8]})"


@audited()
class PriceBookEdition(models.Model):
    """One version of the price book: a catalogue, and the contracts written up to it.

    In force from `in_force_from` to that of the next version. A new one notifies CHANNEL.
    """

    version = models.PositiveBigIntegerField(primary_key=True, editable=False)
    catalogue = models.ForeignKey(Catalogue, on_delete=models.PROTECT, related_name="editions")
    in_force_from = models.DateTimeField(unique=True)
    reason = models.CharField(max_length=300)

    class Meta:
        triggers = (
            _WRITTEN_ONCE,
            pgtrigger.Trigger(
                name="announce_prices",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=f"PERFORM pg_notify('{CHANNEL}', NEW.version::text); RETURN NULL;",
            ),
        )

    def __str__(self) -> str:
        return f"version {self.version}"


class ContractedRateQuerySet(models.QuerySet["ContractedRate"]):
    def of_version(self, version: int) -> "ContractedRateQuerySet":
        """Those that the version of the price book holds, in the order in which they were set."""
        kept = Q(ended=None) | Q(ended__gt=version)
        return self.filter(kept, introduced__lte=version).order_by("introduced_id", "id")


@audited()
class ContractedRate(models.Model):
    """What an organization pays instead of the list, over [valid_from, valid_to).

    terms: prices as in apps/pricing/rates/terms.py, or {"discount": share of the list}.
    Never edited: a change ends the row in one version and sets another.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="contracted_rates"
    )
    provider = models.SlugField(max_length=32)
    model = models.CharField(max_length=256, default=ANY, help_text="* for every model.")
    tier = models.CharField(max_length=16, default=ANY, help_text="* for every tier.")
    region = models.CharField(
        max_length=32, default=ANY, blank=True, help_text="* for every region."
    )
    terms = models.JSONField()
    source = models.CharField(max_length=300, help_text="Where it is agreed, for example a number.")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    introduced = models.ForeignKey(
        PriceBookEdition, on_delete=models.PROTECT, related_name="+", editable=False
    )
    ended = models.ForeignKey(
        PriceBookEdition, on_delete=models.PROTECT, related_name="+", null=True, editable=False
    )

    objects = ContractedRateQuerySet.as_manager()

    class Meta:
        triggers = (pgtrigger.ReadOnly(name="only_ends", exclude=["ended"]),)
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="contracted_rate_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(ended=None) | Q(ended__gt=F("introduced")),
                name="contracted_rate_ends_in_a_later_version",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.model} for {self.organization}"
