"""What was proven saved, as the API shows it."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.fields import PageQuery
from apps.api.serializers.quality import QualityOut
from apps.attribution.models import SavingsCorrection, SavingsStatement
from apps.attribution.statements import Amounts, amounts


class StatementQuery(PageQuery):
    """Which statements."""

    experiment_id = serializers.UUIDField(required=False, help_text="Of this experiment only.")


class CorrectionOut(serializers.ModelSerializer[SavingsCorrection]):
    """What a statement should have said; the statement itself stays as it is."""

    figures = serializers.JSONField(source="document", read_only=True)

    class Meta:
        model = SavingsCorrection
        fields = ("id", "reason", "figures", "fee_difference_minor", "created_at")
        read_only_fields = fields


class AmountsOut(serializers.Serializer[Amounts]):
    """Exact US dollars, as text; `low` and `high` of all that was saved since it began."""

    untouched = serializers.CharField(help_text="Spend without Netra: the counterfactual.")
    paid = serializers.CharField()
    ledger = serializers.CharField()
    ledger_by_lever = serializers.DictField(child=serializers.CharField())
    audited = serializers.CharField()
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    proven = serializers.CharField()
    billed = serializers.CharField()
    billed_by_lever = serializers.DictField(child=serializers.CharField())
    estimated = serializers.CharField(help_text="Beyond what is billed; never invoiced.")
    shortfall = serializers.CharField(help_text="Carried to the next period; at most 0.")
    fee = serializers.CharField()
    comparisons = serializers.CharField(
        help_text="What of `paid` was spent to compare answers; off all savings already."
    )


class SavingsStatementOut(serializers.ModelSerializer[SavingsStatement]):
    """One period of an experiment, closed for good."""

    experiment_id = serializers.UUIDField(source="log_id", read_only=True)
    period_id = serializers.UUIDField(read_only=True)
    fee_minor = serializers.IntegerField(
        source="document.fee_minor", read_only=True, help_text="Cents of US dollars."
    )
    figures = serializers.JSONField(
        source="document", read_only=True,
        help_text="As the archive has them: whole nanos (10^-9 USD), `_atoms` 10^-18 USD.",
    )  # fmt: skip
    amounts_usd = serializers.SerializerMethodField()
    public_key = serializers.CharField(
        source="log.public_key", read_only=True, help_text="What its log is signed with: Ed25519."
    )
    quality = QualityOut(source="period.quality", read_only=True, allow_null=True)
    corrections = CorrectionOut(many=True, read_only=True)

    class Meta:
        model = SavingsStatement
        fields = (
            "id", "experiment_id", "period_id", "number", "finalised_at", "fee_minor",
            "amounts_usd", "figures", "public_key", "quality", "corrections",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(AmountsOut)
    def get_amounts_usd(self, statement: SavingsStatement) -> dict[str, Any]:
        """Plain digits, no exponents."""
        return {name: _plain(value) for name, value in asdict(amounts(statement.document)).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return None if value is None else f"{value:f}"
