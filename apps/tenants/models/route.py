"""Which providers carry the calls for a model, in which order, and how long they may take."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.audit import audited
from apps.tenants.models.credential import ProviderCredential
from apps.tenants.models.organization import Organization
from apps.tenants.models.project import Project

MOST_RETRIES = 10
MOST_WEIGHT = 1000
LOWEST_PRIORITY = 9
LONGEST_MS = 3_600_000


class Strategy(models.TextChoices):
    """How a target is chosen among those of one priority."""

    WEIGHTED = "weighted", "Weighted"
    LEAST_LATENCY = "least_latency", "Least latency"
    PRIORITY = "priority", "In order"


@audited()
class Route(models.Model):
    """For the models that `pattern` names; `*` stands for any run of characters.

    project: null holds for the whole organization. Times in milliseconds: `connect_ms` to reach a
    provider, `first_byte_ms` until its answer begins, `idle_ms` between two pieces of it,
    `total_ms` for everything with all retries.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="routes")
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="routes"
    )
    pattern = models.CharField(max_length=200)
    strategy = models.CharField(max_length=16, choices=Strategy.choices, default=Strategy.PRIORITY)
    max_retries = models.PositiveSmallIntegerField(default=2)
    connect_ms = models.PositiveIntegerField(default=5_000)
    first_byte_ms = models.PositiveIntegerField(default=300_000)
    idle_ms = models.PositiveIntegerField(default=120_000)
    total_ms = models.PositiveIntegerField(default=600_000)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "project", "pattern"),
                nulls_distinct=False,
                name="one_route_each_pattern",
            ),
            models.CheckConstraint(
                condition=Q(pattern__regex=r"^[^\s]+$"), name="route_pattern_has_no_space"
            ),
            models.CheckConstraint(
                condition=Q(strategy__in=Strategy.values), name="route_strategy_is_known"
            ),
            models.CheckConstraint(
                condition=Q(max_retries__lte=MOST_RETRIES), name="route_retries_are_few"
            ),
            models.CheckConstraint(
                condition=Q(
                    connect_ms__range=(1, F("total_ms")),
                    first_byte_ms__range=(1, F("total_ms")),
                    idle_ms__range=(1, F("total_ms")),
                    total_ms__lte=LONGEST_MS,
                ),
                name="route_times_fit_into_the_total",
            ),
        )
        triggers = (
            announce_change(
                on=(
                    "project_id",
                    "pattern",
                    "strategy",
                    "max_retries",
                    "connect_ms",
                    "first_byte_ms",
                    "idle_ms",
                    "total_ms",
                ),
            ),
        )

    def __str__(self) -> str:
        return self.pattern


@audited()
class RouteTarget(models.Model):
    """One place to which a route leads.

    credential: null is any credential of the provider. model: "" is the model asked for. priority:
    the lowest number is tried first, higher ones are fallbacks. weight: share within a priority.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="targets")
    credential = models.ForeignKey(
        ProviderCredential,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="route_targets",
    )
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=200, blank=True)
    priority = models.PositiveSmallIntegerField(default=0)
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(weight__range=(1, MOST_WEIGHT)), name="target_weight_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(priority__lte=LOWEST_PRIORITY), name="target_priority_is_a_digit"
            ),
            models.UniqueConstraint(
                fields=("route", "credential", "provider", "model"),
                nulls_distinct=False,
                name="one_target_each_place",
            ),
        )
        triggers = (
            announce_change(
                on=("credential_id", "provider", "model", "priority", "weight"),
                # A route that is gone announces itself.
                organization="SELECT organization_id FROM public.tenants_route"
                " WHERE id = {row}.route_id",
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider}/{self.model or '*'}"
