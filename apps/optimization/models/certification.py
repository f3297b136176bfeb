"""What is known of levers that can change answers, and what they may therefore do.

Nothing here has content: what was asked and answered is gone once it was judged.
"""

from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7


class ShadowComparison(models.Model):
    """One call for which it is known whether the lever's answer would have been right.

    probability: with which the comparison was to be made. judge_usd, shadow_usd: what asking the
    judge, and the alternative, cost; null where that is not known.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event_id = models.UUIDField()
    project_id = models.UUIDField()
    lever = models.TextField()
    namespace = models.TextField()
    score = models.FloatField()
    probability = models.FloatField()
    is_wrong = models.BooleanField()
    labeller = models.TextField(help_text="known, exact, task, vectors, judge or feedback.")
    entry = models.TextField(null=True, help_text="The kept answer that was compared.")
    kind = models.TextField(help_text="What the lever tells requests apart by, else empty.")
    asked_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    judge_usd = models.DecimalField(max_digits=38, decimal_places=12, null=True)
    shadow_usd = models.DecimalField(max_digits=38, decimal_places=12, null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("event_id", "lever"), name="one_comparison_each_event_and_lever"
            ),
            models.CheckConstraint(
                condition=Q(probability__gt=0, probability__lte=1),
                name="comparison_has_a_probability",
            ),
        )
        indexes = (
            models.Index(
                fields=("project_id", "lever", "namespace", "asked_at"),
                name="comparisons_of_a_namespace",
            ),
            models.Index(fields=("asked_at",), name="comparisons_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.lever} {self.event_id}: {'wrong' if self.is_wrong else 'right'}"


class Evidence(models.Model):
    """What was counted in one namespace since its evidence began.

    since: moves on while the first requests, which tell nothing, go by. seen: all requests.
    requests, scores: those since, and how many had each score (hundredths, rounded down). looks:
    at the evidence so far. drift: sum by which errors exceed what the bound lets expect.
    told_until: comparisons judged before it are in `drift`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project_id = models.UUIDField()
    lever = models.TextField()
    namespace = models.TextField()
    since = models.DateTimeField(null=True)
    seen = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    scores = models.JSONField(default=dict)
    looks = models.IntegerField(default=0)
    drift = models.FloatField(default=0.0)
    told_until = models.DateTimeField(null=True)
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project_id", "lever", "namespace"), name="one_evidence_each_namespace"
            ),
        )
        indexes = (models.Index(fields=("last_at",), name="evidence_by_age"),)

    def __str__(self) -> str:
        return f"{self.lever} {self.namespace}: {self.requests} requests"


class EvidenceCount(models.Model):
    """Up to when the events of the organization are counted; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="one_evidence_count"),)

    def __str__(self) -> str:
        return f"until {self.until}"


class Certificate(models.Model):
    """What a lever may do in a namespace, and on what evidence; never changed but to end it.

    bound: the share of wrong answers per request that it is certified for at `confidence`.
    error_upper: the upper bound that was found, per request; hit_upper: per served answer.
    evidence: {"thresholds": [those tested, in their order], …}. ended_at: withdrawn or replaced.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project_id = models.UUIDField()
    lever = models.TextField()
    namespace = models.TextField()
    threshold = models.FloatField()
    bound = models.DecimalField(max_digits=5, decimal_places=4)
    confidence = models.DecimalField(max_digits=5, decimal_places=4)
    requests = models.BigIntegerField()
    labels = models.BigIntegerField()
    errors = models.BigIntegerField()
    error_upper = models.FloatField()
    hit_upper = models.FloatField(null=True)
    look = models.IntegerField()
    cost_usd = models.DecimalField(
        max_digits=38, decimal_places=12, help_text="Of judging and shadow calls behind it."
    )
    terms = models.JSONField(default=dict)
    evidence = models.JSONField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project_id", "lever", "namespace"),
                condition=Q(ended_at=None),
                name="one_standing_certificate_each_namespace",
            ),
            models.CheckConstraint(
                condition=Q(bound__gt=0, bound__lte=1), name="certificate_has_a_bound"
            ),
        )
        indexes = (models.Index(fields=("-issued_at", "-id"), name="certificates_by_age"),)

    def __str__(self) -> str:
        return f"{self.lever} {self.namespace} from {self.threshold}"


class Eviction(models.Model):
    """A kept answer that was found to be wrong, and is not served again."""

    entry = models.TextField(primary_key=True)
    at = models.DateTimeField()
    cause = models.TextField(help_text="comparison or feedback.")

    class Meta:
        indexes = (models.Index(fields=("-at",), name="evictions_by_age"),)

    def __str__(self) -> str:
        return self.entry
