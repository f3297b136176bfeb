"""API keys as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input, Instant, NameField, PageQuery
from apps.kernel.clock import utc_now
from apps.tenants.models import ApiKey
from apps.tenants.permissions import KEY_SCOPES
from apps.tenants.services.api_keys import LONGEST_OVERLAP, NewKey

STATES = ("active", "retiring", "expired", "revoked")
SCOPES = sorted(scope.value for scope in KEY_SCOPES)


class KeyOut(serializers.ModelSerializer[ApiKey]):
    """An API key without its text."""

    scopes = serializers.ListField(child=Choice(choices=SCOPES), read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id", "project_id", "name", "hint", "is_test", "scopes", "state", "created_at",
            "expires_at", "revoked_at", "last_used_at", "replaces_id",
        )  # fmt: skip
        read_only_fields = fields

    def get_state(self, api_key: ApiKey) -> str:
        return api_key.state(at=utc_now())


class NewKeyOut(KeyOut):
    """A key just made; the only answer that ever holds its text."""

    key = serializers.SerializerMethodField(help_text="The key itself. Shown this once.")

    class Meta(KeyOut.Meta):
        fields = (*KeyOut.Meta.fields, "key")
        read_only_fields = fields

    def __init__(self, new: NewKey | None = None, **options: Any) -> None:
        super().__init__(new.api_key if new else None, **options)
        self._text = new.text.value if new else ""

    def get_key(self, _api_key: ApiKey) -> str:
        return self._text


class KeyQuery(PageQuery):
    """Which keys."""

    project_id = serializers.UUIDField(required=False, help_text="Of this project only.")


class KeyNew(Input):
    """A key to make."""

    project_id = serializers.UUIDField()
    name = NameField()
    scopes = serializers.ListField(
        child=Choice(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    is_test = serializers.BooleanField(default=False)
    expires_at = Instant(default=None, allow_null=True)


class KeyChange(Input):
    """Another name for a key."""

    name = NameField()


class KeyRotation(Input):
    """How to replace a key."""

    overlap_seconds = serializers.IntegerField(
        min_value=0,
        max_value=int(LONGEST_OVERLAP.total_seconds()),
        help_text="How long the old key still works; 0 stops it at once.",
    )
