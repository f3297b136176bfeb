"""Replies kept in the organization's own schema, so that a repeated POST acts once."""

from django.db import models


class Reply(models.Model):
    """What a POST with an `Idempotency-Key` answered; the body is sealed, it may hold a new key."""

    caller = models.CharField(max_length=64, help_text="The user or API key that sent the key.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    sealed_body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("caller", "key"), name="one_reply_each_caller_and_key"),
        )
        indexes = (models.Index(fields=("created_at",), name="replies_by_age"),)

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
