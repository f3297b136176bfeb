"""What was proven saved, as the API shows it."""

from rest_framework import serializers

from apps.api.serializers.quality import QualityOut
from apps.attribution.models import SavingsCorrection, SavingsStatement


class CorrectionOut(serializers.ModelSerializer[SavingsCorrection]):
    """What a statement should have said; the statement itself stays as it is."""

    figures = serializers.JSONField(source="document", read_only=True)

    class Meta:
        model = SavingsCorrection
        fields = ("id", "reason", "figures", "fee_difference_minor", "created_at")
        read_only_fields = fields


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
    public_key = serializers.CharField(
        source="log.public_key", read_only=True, help_text="What its log is signed with: Ed25519."
    )
    quality = QualityOut(source="period.quality", read_only=True, allow_null=True)
    corrections = CorrectionOut(many=True, read_only=True)

    class Meta:
        model = SavingsStatement
        fields = (
            "id", "experiment_id", "period_id", "number", "finalised_at", "fee_minor", "figures",
            "public_key", "quality", "corrections",
        )  # fmt: skip
        read_only_fields = fields
