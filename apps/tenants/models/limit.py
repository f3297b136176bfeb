"""Bounds on what an organization, a project or a key may do and spend."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.api_key import ApiKey
from apps.tenants.models.audit import audited
from apps.tenants.models.organization import Organization
from apps.tenants.models.project import Project

MOST_ALERTS = 5


class LimitKind(models.TextChoices):
    REQUESTS_PER_MINUTE = "requests_per_minute", "Requests a minute"
    TOKENS_PER_MINUTE = "tokens_per_minute", "Tokens a minute"
    CONCURRENCY = "concurrency", "Calls at once"
    BUDGET_USD = "budget_usd", "Budget in US dollars"


class Window(models.TextChoices):
    MINUTE = "minute", "Minute"
    DAY = "day", "Day"
    MONTH = "month", "Month"
    TOTAL = "total", "Total"


PER_MINUTE = (LimitKind.REQUESTS_PER_MINUTE, LimitKind.TOKENS_PER_MINUTE)
BUDGET_WINDOWS = (Window.DAY, Window.MONTH, Window.TOTAL)


@audited()
class Limit(models.Model):
    """Of the key, else of the project, else of the whole organization.

    amount: requests, tokens or calls at once, or US dollars in each `window` (days and months in
    UTC). alert_fractions: shares of a budget at which to warn, ascending. is_hard: calls beyond it
    are refused; else it only warns.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="limits")
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="limits"
    )
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.CASCADE, related_name="limits"
    )
    kind = models.CharField(max_length=24, choices=LimitKind.choices)
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    window = models.CharField(max_length=8, choices=Window.choices, null=True, blank=True)
    alert_fractions = ArrayField(
        models.DecimalField(max_digits=4, decimal_places=3), default=list, blank=True
    )
    is_hard = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "project", "api_key", "kind", "window"),
                nulls_distinct=False,
                name="one_limit_each_subject_kind_and_window",
            ),
            models.CheckConstraint(
                condition=Q(project=None) | Q(api_key=None), name="limit_has_one_subject"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="limit_is_positive"),
            models.CheckConstraint(
                condition=Q(kind=LimitKind.BUDGET_USD)
                | Q(amount=Func(F("amount"), function="TRUNC")),
                name="limit_of_things_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PER_MINUTE, window=Window.MINUTE)
                | Q(kind=LimitKind.CONCURRENCY, window=None)
                | Q(kind=LimitKind.BUDGET_USD, window__in=BUDGET_WINDOWS),
                name="limit_window_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(alert_fractions__len=0)
                | Q(kind=LimitKind.BUDGET_USD, alert_fractions__len__lte=MOST_ALERTS),
                name="limit_alerts_are_of_a_budget",
            ),
        )
        triggers = (
            announce_change(
                on=(
                    "project_id",
                    "api_key_id",
                    "kind",
                    "amount",
                    "window",
                    "alert_fractions",
                    "is_hard",
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
