"""What an organization says about levers, in its own schema. Rows are added, never changed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7


class Policy(models.Model):
    """The word of one subject: a key, else a project, else the whole organization.

    version: rises over all subjects; the newest of a subject holds. project_id: also of a key's
    project. null, and a lever that is not there: as it is above. See PolicyTerms in access.py.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.BigIntegerField(unique=True)
    project_id = models.UUIDField(null=True)
    api_key_id = models.UUIDField(null=True)
    levers = models.JSONField(help_text="Lever → off, shadow or on.")
    quality_bound = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    cache_ttl_s = models.IntegerField(null=True)
    caches_any_temperature = models.BooleanField(null=True)
    traffic_percent = models.SmallIntegerField(null=True)
    allowed_models = ArrayField(models.TextField(), null=True)
    judge_model = models.TextField(null=True)
    deadline_s = models.IntegerField(null=True)
    set_by = models.TextField(help_text="The person or API key.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(quality_bound=None) | Q(quality_bound__range=(0, 1)),
                name="quality_bound_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(traffic_percent=None) | Q(traffic_percent__in=(0, 10, 50, 100)),
                name="traffic_is_a_step_of_the_ramp",
            ),
            models.CheckConstraint(
                condition=Q(cache_ttl_s=None) | Q(cache_ttl_s__gt=0), name="cache_ttl_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(deadline_s=None) | Q(deadline_s__gt=0), name="deadline_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(api_key_id=None) | Q(project_id__isnull=False),
                name="policy_of_a_key_names_its_project",
            ),
        )
        indexes = (
            models.Index(fields=("project_id", "api_key_id", "-version"), name="newest_policies"),
        )

    def __str__(self) -> str:
        return f"version {self.version}"


class CacheFlush(models.Model):
    """Answers to calls that began before `at` are void: of a project or all, with a tag or all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project_id = models.UUIDField(null=True)
    tag = models.TextField(null=True)
    at = models.DateTimeField()
    asked_by = models.TextField(help_text="The person or API key.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project_id", "tag"), nulls_distinct=False, name="one_flush_each_place"
            ),
        )
        indexes = (models.Index(fields=("at",), name="flushes_by_age"),)

    def __str__(self) -> str:
        return f"{self.tag or 'everything'} at {self.at}"
