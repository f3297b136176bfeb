"""What callers say of answers."""

from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7


class Feedback(models.Model):
    """How good an answer was to whoever got it. The call may not have reached our tables yet."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request_id = models.UUIDField(help_text="Netra-Request-Id.")
    score = models.DecimalField(max_digits=4, decimal_places=3, help_text="0 is bad, 1 is good.")
    comment = models.TextField()
    given_by = models.TextField(help_text="The person or API key.")
    given_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("request_id", "given_by"), name="one_feedback_each_request_and_giver"
            ),
            models.CheckConstraint(condition=Q(score__range=(0, 1)), name="score_is_a_share"),
        )
        indexes = (models.Index(fields=("given_at",), name="feedback_by_age"),)

    def __str__(self) -> str:
        return f"{self.request_id}: {self.score}"
