"""Calls that are answered later, as the API shows them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Choice
from apps.api.serializers.requests import Usd
from apps.optimization.deadlines.selectors import STATES


class DeferredCallOut(serializers.Serializer[Any]):
    """One call that was put off, and how far it is."""

    id = serializers.UUIDField(help_text="Also that of its record: GET /requests/ID.")
    status = Choice(choices=STATES, source="state")
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="By when it is answered.")
    project_id = serializers.UUIDField()
    endpoint = serializers.CharField()
    provider = serializers.CharField()
    model = serializers.CharField()
    tier = serializers.CharField(
        help_text="batch, or standard where no batch answered in time; empty before its end."
    )
    status_code = serializers.IntegerField(
        allow_null=True, help_text="What the provider answered with."
    )
    error_code = serializers.CharField(help_text="Empty where nothing went wrong.")
    cost_usd = Usd()
    saved_usd = Usd(help_text="Against the ordinary tier.")
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="When the result is deleted; an hour after it was fetched first."
    )


class DeferredCallDetailOut(DeferredCallOut):
    """A call that was put off, with its result."""

    result = serializers.SerializerMethodField(
        help_text="The provider's answer as it is; null before it is there and once it is deleted."
    )

    def get_result(self, _row: object) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.context["result"]
        return found
