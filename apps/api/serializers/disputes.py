"""Disputes as the API shows and takes them."""

from rest_framework import serializers

from apps.api.serializers.fields import Input
from apps.attribution.disputes.models import Dispute, Recomputation
from apps.attribution.disputes.services import LEAST_REASON, LONGEST_REASON


class RecomputationOut(serializers.ModelSerializer[Recomputation]):
    """The statement recomputed once from its raw rows."""

    is_confirmed = serializers.BooleanField(
        source="report.is_confirmed", read_only=True, allow_null=True,
        help_text="Every figure came out again; null until it is finished.",
    )  # fmt: skip

    class Meta:
        model = Recomputation
        fields = ("id", "requested_at", "finished_at", "is_confirmed")
        read_only_fields = fields


class DisputeOut(serializers.ModelSerializer[Dispute]):
    """A doubt about one savings statement, and what came of it."""

    state = serializers.CharField(read_only=True, help_text="open or answered.")
    answered_at = serializers.DateTimeField(read_only=True, allow_null=True)
    correction_id = serializers.UUIDField(
        read_only=True,
        allow_null=True,
        help_text="Stands beside the statement, where there is one.",
    )
    recomputations = RecomputationOut(many=True, read_only=True)

    class Meta:
        model = Dispute
        fields = (
            "id", "statement_id", "experiment_id", "period_number", "state", "reason", "opened_by",
            "opened_at", "answer", "answered_at", "correction_id", "recomputations",
        )  # fmt: skip
        read_only_fields = fields


class DisputeIn(Input):
    """What is doubted, and why."""

    statement_id = serializers.UUIDField()
    reason = serializers.CharField(min_length=LEAST_REASON, max_length=LONGEST_REASON)


class FigureDifferenceOut(serializers.Serializer[object]):
    """A figure that came out otherwise."""

    name = serializers.CharField()
    standing = serializers.JSONField(allow_null=True)
    recomputed = serializers.JSONField(allow_null=True)
    difference = serializers.IntegerField(allow_null=True)


class ReportOut(serializers.Serializer[object]):
    """A difference report: what a statement says, beside what its raw rows say."""

    period = serializers.IntegerField()
    is_confirmed = serializers.BooleanField(help_text="Nothing differs and nothing was altered.")
    findings = serializers.ListField(
        child=serializers.CharField(), help_text="What the verifier found; nothing where all holds."
    )
    standing = serializers.JSONField(help_text="The statement, or its latest correction.")
    recomputed = serializers.JSONField(allow_null=True, help_text="null where rows were altered.")
    differences = FigureDifferenceOut(many=True)
    fee_difference_minor = serializers.IntegerField(allow_null=True)
    calls = serializers.JSONField(help_text="Sealed calls beside the request log.")
