"""Webhooks as the API shows and takes them."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input
from apps.notices.kinds import PING, Kind
from apps.notices.models import Attempt, Delivery, WebhookEndpoint
from apps.notices.services.endpoints import LONGEST_OVERLAP, LONGEST_URL, NewSecret

EVENTS = [kind.value for kind in Kind]
STATES = ("delivered", "waiting", "failed")
URL_PATTERN = r"^https?://[!-~]+$"
DESCRIPTION_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f]*$"


class WebhookOut(serializers.ModelSerializer[WebhookEndpoint]):
    """Where notices are sent to."""

    events = serializers.ListField(
        child=Choice(choices=EVENTS),
        source="kinds",
        read_only=True,
        help_text="Kinds of notices that are sent; empty is all.",
    )
    is_enabled = serializers.SerializerMethodField()

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = (
            "id", "url", "description", "events", "is_enabled", "disabled_at", "disabled_reason",
            "failing_since", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_enabled(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.disabled_at is None


class WebhookSecretOut(WebhookOut):
    """An endpoint with a secret just made; the only answer that ever holds it."""

    secret = serializers.SerializerMethodField(
        help_text="Verifies signatures, as Standard Webhooks say. Shown this once."
    )

    class Meta(WebhookOut.Meta):
        fields = (*WebhookOut.Meta.fields, "secret")
        read_only_fields = fields

    def __init__(self, new: NewSecret | None = None, **options: Any) -> None:
        super().__init__(new.endpoint if new else None, **options)
        self._secret = new.secret if new else ""

    def get_secret(self, _endpoint: WebhookEndpoint) -> str:
        return self._secret


class WebhookChange(Input):
    """What is said of an endpoint; fields left out stay as they are."""

    url = serializers.CharField(
        max_length=LONGEST_URL,
        validators=[RegexValidator(URL_PATTERN, "Write it like https://host/path.")],
        help_text="A public address, https.",
    )
    events = serializers.ListField(
        child=Choice(choices=EVENTS),
        max_length=len(EVENTS),
        required=False,
        help_text="Kinds of notices to send; empty is all.",
    )
    description = serializers.CharField(
        max_length=80,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        validators=[RegexValidator(DESCRIPTION_PATTERN, "Use visible characters only.")],
    )


class WebhookNew(WebhookChange):
    """An endpoint to add."""


class WebhookRotation(Input):
    """How to replace a secret."""

    overlap_seconds = serializers.IntegerField(
        min_value=0,
        max_value=int(LONGEST_OVERLAP.total_seconds()),
        help_text="How long the old secret signs as well; 0 stops it at once.",
    )


class DeliveryAttemptOut(serializers.ModelSerializer[Attempt]):
    """One try to deliver a message."""

    class Meta:
        model = Attempt
        fields = ("at", "status", "latency_ms", "error", "excerpt")
        read_only_fields = fields


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    """One message to one endpoint."""

    event = Choice(choices=[*EVENTS, PING], source="kind", read_only=True)
    state = Choice(choices=STATES, read_only=True)

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            "id", "endpoint_id", "message_id", "event", "state", "attempt_count",
            "next_attempt_at", "delivered_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class DeliveryDetailOut(DeliveryOut):
    """A message with its body and every attempt, newest first."""

    attempts = DeliveryAttemptOut(many=True, read_only=True)

    class Meta(DeliveryOut.Meta):
        fields = (*DeliveryOut.Meta.fields, "body", "attempts")
        read_only_fields = fields
