"""What levers are certified for, as the API shows it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.requests import Usd
from apps.kernel.clock import utc_now
from apps.optimization.models import Certificate, ShadowComparison
from apps.optimization.selectors import comparisons, evidence_of, state_of
from apps.optimization.services import ALARM

# The newest; the figures of a certificate speak of all.
MOST_COMPARISONS = 200


class CertificateOut(serializers.ModelSerializer[Certificate]):
    """From which score on a lever may act in a namespace, and by how many labels that is known."""

    bound = serializers.DecimalField(
        max_digits=5, decimal_places=4, normalize_output=True, read_only=True,
        help_text="The share of wrong answers per request that it is certified for, as text.",
    )  # fmt: skip
    confidence = serializers.DecimalField(
        max_digits=5, decimal_places=4, normalize_output=True, read_only=True
    )
    cost_usd = Usd(help_text="What judging and asking twice cost until then.")
    error_upper = serializers.FloatField(
        read_only=True, help_text="Upper bound of wrong answers per request."
    )
    hit_upper = serializers.FloatField(
        read_only=True, allow_null=True, help_text="Upper bound of wrong ones of those it gives."
    )
    state = serializers.SerializerMethodField(
        help_text="standing, expired, drift, bound_lowered or replaced."
    )

    class Meta:
        model = Certificate
        fields = (
            "id", "lever", "project_id", "namespace", "state", "threshold", "bound", "confidence",
            "requests", "labels", "errors", "error_upper", "hit_upper", "look", "cost_usd",
            "issued_at", "expires_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_state(self, row: Certificate) -> str:
        """At this moment."""
        return state_of(row, at=utc_now())


class TestedOut(serializers.Serializer[Any]):
    """One threshold that was tested."""

    threshold = serializers.FloatField()
    served = serializers.IntegerField(help_text="Requests with such a score or a better one.")
    labels = serializers.IntegerField(help_text="Those of them that were compared.")
    errors = serializers.IntegerField()  # type: ignore[assignment]  # a property in the stubs
    request_upper = serializers.FloatField()
    hit_upper = serializers.FloatField()
    holds = serializers.BooleanField()


class JudgedComparisonOut(serializers.ModelSerializer[ShadowComparison]):
    """One comparison; what was asked and answered is gone."""

    class Meta:
        model = ShadowComparison
        fields = (
            "event_id", "score", "probability", "is_wrong", "labeller", "asked_at", "judged_at",
        )  # fmt: skip
        read_only_fields = fields


class CertificateDetailOut(CertificateOut):
    """A certificate with its evidence."""

    thresholds = TestedOut(
        many=True, source="evidence.thresholds", read_only=True,
        help_text="In the order of the tests, which end with the first that fails.",
    )  # fmt: skip
    labellers = serializers.DictField(
        child=serializers.IntegerField(), source="evidence.labellers", read_only=True,
        help_text="How many labels came from whom.",
    )  # fmt: skip
    drift = serializers.SerializerMethodField(
        help_text="Errors beyond what the bound lets expect, each by one over the probability that "
        f"it was found with; {ALARM:.0f} withdraw the certificate."
    )
    comparisons = serializers.SerializerMethodField(
        help_text=f"The newest {MOST_COMPARISONS} of its namespace."
    )

    class Meta:
        model = Certificate
        fields = (
            *CertificateOut.Meta.fields, "thresholds", "labellers", "drift", "comparisons",
        )  # fmt: skip
        read_only_fields = fields

    def get_drift(self, row: Certificate) -> float | None:
        """Null where nothing is counted any more."""
        found = evidence_of(row)
        return found.drift if found else None

    @extend_schema_field(JudgedComparisonOut(many=True))
    def get_comparisons(self, row: Certificate) -> list[dict[str, Any]]:
        """Rows of JudgedComparisonOut."""
        return list(JudgedComparisonOut(comparisons(row)[:MOST_COMPARISONS], many=True).data)
