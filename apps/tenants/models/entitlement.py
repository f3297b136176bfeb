"""What an organization may use: entitlements written by billing, flags set by our staff."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.audit import audited, audited_links
from apps.tenants.models.organization import Organization


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    def in_force(self, *, at: datetime) -> "EntitlementQuerySet":
        return self.filter(
            models.Q(valid_until=None) | models.Q(valid_until__gt=at), valid_from__lte=at
        )


@audited()
class Entitlement(models.Model):
    """`code` is worth `value` (a number, text or true/false) over [valid_from, valid_until)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="entitlements"
    )
    code = models.SlugField(max_length=64)
    value = models.JSONField()
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "code"),
                condition=models.Q(valid_until=None),
                name="one_open_entitlement_each_code",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None)
                | models.Q(valid_until__gt=models.F("valid_from")),
                name="entitlement_ends_after_it_starts",
            ),
        )
        triggers = (announce_change(on=("code", "value", "valid_from", "valid_until")),)

    def __str__(self) -> str:
        return f"{self.code} = {self.value}"


@audited()
class Flag(models.Model):
    """A switch that sticks to organizations, so that one never sees two behaviours."""

    code = models.SlugField(max_length=64, primary_key=True)
    description = models.CharField(max_length=200)
    is_on_for_all = models.BooleanField(default=False)
    organizations = models.ManyToManyField(Organization, blank=True, related_name="flags")

    def __str__(self) -> str:
        return self.code


@audited_links
class FlagOrganization(Flag.organizations.through):  # type: ignore[name-defined,misc]  # made by Django
    """For whom a flag was turned on; a proxy, because triggers need a model in the migrations."""

    class Meta:
        proxy = True
