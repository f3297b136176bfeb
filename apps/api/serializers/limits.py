"""Limits as the API shows and takes them."""

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input
from apps.tenants.models import Limit, LimitKind
from apps.tenants.models.limit import BUDGET_WINDOWS, MOST_ALERTS

AMOUNT_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
FRACTION_PATTERN = r"^(1|0\.[0-9]{1,3})$"


class LimitOut(serializers.ModelSerializer[Limit]):
    """A bound on the organization, a project or a key."""

    amount = serializers.DecimalField(
        max_digits=20, decimal_places=6, normalize_output=True, read_only=True
    )
    alert_fractions = serializers.ListField(
        child=serializers.DecimalField(max_digits=4, decimal_places=3, normalize_output=True),
        read_only=True,
    )

    class Meta:
        model = Limit
        fields = (
            "id", "project_id", "api_key_id", "kind", "amount", "window", "alert_fractions",
            "is_hard", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class FractionField(serializers.CharField):
    """A share as text, so that no digit is lost."""

    def __init__(self) -> None:
        super().__init__(max_length=5)
        self.validators.append(RegexValidator(FRACTION_PATTERN, "Write it like 0.8."))


class LimitChange(Input):
    """Other figures of a limit; fields left out stay as they are."""

    amount = serializers.CharField(
        max_length=19,
        help_text="As text: requests, tokens, calls at once, or US dollars.",
        validators=[RegexValidator(AMOUNT_PATTERN, "Write it like 100 or 99.50.")],
    )
    alert_fractions = serializers.ListField(
        child=FractionField(),
        max_length=MOST_ALERTS,
        required=False,
        help_text="Shares of a budget at which to warn, as text.",
    )
    is_hard = serializers.BooleanField(
        required=False, help_text="Refuse calls beyond the limit; else only warn."
    )


class LimitNew(LimitChange):
    """A limit to set, on the whole organization unless it names a project or a key."""

    kind = Choice(choices=LimitKind.choices)
    window = Choice(
        choices=[(window.value, window.label) for window in BUDGET_WINDOWS],
        required=False,
        allow_null=True,
        help_text="Of a budget, in UTC.",
    )
    project_id = serializers.UUIDField(required=False, allow_null=True)
    api_key_id = serializers.UUIDField(required=False, allow_null=True)
