"""Rows of the public schema: notices, who wants them by e-mail, and webhooks."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.kernel.ids import uuid7
from apps.tenants.models import Organization, User
from apps.tenants.models.audit import audited

LONGEST_EXCERPT = 500


class Notice(models.Model):
    """Something that an organization is told once.

    once: what makes it the same as another of its kind, for ever. subject, advice: sentences for
    people, what happened and what to do. payload: the facts for programs. page: of the portal,
    below the organization's address.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=32)
    once = models.CharField(max_length=120)
    subject = models.CharField(max_length=250)
    advice = models.CharField(max_length=500)
    payload = models.JSONField()
    page = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "kind", "once"), name="one_notice_each_kind_and_cause"
            ),
        )
        indexes = (models.Index(fields=("organization", "-at", "-id"), name="notices_by_age"),)

    def __str__(self) -> str:
        return self.subject


class NoticeEmail(models.Model):
    """One notice to one person. sent_at: None until the mail server took it."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="emails")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("notice", "user"), name="one_email_each_person"),
        )

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.user_id}"


class Muting(models.Model):
    """A kind of notice that somebody does not want by e-mail from an organization."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="mutings")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mutings")
    kind = models.CharField(max_length=32)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "user", "kind"), name="one_muting_each_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} not to {self.user_id}"


@audited(exclude=("sealed_secret", "sealed_former_secret", "failing_since"))
class WebhookEndpoint(models.Model):
    """Where notices are sent to as Standard Webhooks.

    kinds: of notices; empty is all. sealed_former_secret: signs too until `former_secret_until`.
    failing_since: since when no delivery went through. disabled_reason: why it gets nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=80, blank=True)
    kinds = ArrayField(models.CharField(max_length=32), default=list)
    sealed_secret = models.BinaryField(editable=False)
    sealed_former_secret = models.BinaryField(null=True, editable=False)
    former_secret_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "url"), name="one_webhook_endpoint_each_url"
            ),
        )

    def __str__(self) -> str:
        return self.url

    def wants(self, kind: str) -> bool:
        """Whether notices of `kind` go there."""
        return not self.kinds or kind in self.kinds


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, *, at: datetime) -> "DeliveryQuerySet":
        """Those to be tried now, that no worker was asked to try."""
        return self.filter(
            Q(handed_until=None) | Q(handed_until__lte=at),
            next_attempt_at__lte=at,
            endpoint__disabled_at=None,
        )


class Delivery(models.Model):
    """One message to one endpoint, tried until it went through or was given up.

    message_id: the `webhook-id`, equal in every attempt. body: signed and sent as it is.
    next_attempt_at: None when no attempt follows. handed_until: a worker was asked to make it, and
    is not asked again before.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    message_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    body = models.TextField()
    created_at = models.DateTimeField()
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    handed_until = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("endpoint", "message_id"), name="one_delivery_each_message"
            ),
        )
        indexes = (
            models.Index(
                fields=("next_attempt_at",),
                condition=Q(next_attempt_at__isnull=False),
                name="deliveries_waiting",
            ),
            models.Index(fields=("endpoint", "-created_at", "-id"), name="deliveries_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.message_id}: {self.state}"

    @property
    def state(self) -> str:
        """`delivered`, `waiting` for its next attempt, or `failed`."""
        if self.delivered_at:
            return "delivered"
        return "waiting" if self.next_attempt_at else "failed"


class Attempt(models.Model):
    """One try. status: None when there was no answer; then `error` says why.

    excerpt: the beginning of the answer's body, at most LONGEST_EXCERPT characters.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    latency_ms = models.FloatField()
    error = models.CharField(max_length=200, blank=True)
    excerpt = models.CharField(max_length=LONGEST_EXCERPT, blank=True)

    class Meta:
        indexes = (models.Index(fields=("delivery", "-at"), name="attempts_by_age"),)

    def __str__(self) -> str:
        return f"{self.status or self.error}"
