"""Quality beside cost, as the API shows it."""

from rest_framework import serializers

from apps.attribution.models import QualityWatch


class ArmOut(serializers.Serializer[object]):
    """One arm of a metric: units that were seen, and their mean in the metric's unit."""

    units = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True)


class QualityFindingOut(serializers.Serializer[object]):
    """One metric of the conversations that a lever touched, or would have touched."""

    lever = serializers.CharField(allow_null=True, help_text="null: all levers together.")
    metric = serializers.CharField(help_text="errors, feedback, latency or length.")
    unit = serializers.CharField(help_text="share, score (0 to 1), ms or tokens.")
    is_lower_better = serializers.BooleanField()
    holdout = ArmOut()
    treatment = ArmOut()
    harm = serializers.FloatField(help_text="By how much a treated conversation is worse.")
    low = serializers.FloatField(
        allow_null=True, help_text="Of an interval that holds at any look."
    )
    high = serializers.FloatField(allow_null=True)
    tolerated = serializers.FloatField(allow_null=True, help_text="By your quality bound.")
    verdict = serializers.CharField(help_text="breached, within, undecided, or watched: no bound.")


class QualityOut(serializers.ModelSerializer[QualityWatch]):
    """What is known of a period's quality, of both arms."""

    findings = QualityFindingOut(many=True, read_only=True)
    paused = serializers.JSONField(
        read_only=True, help_text="Lever → when and why the quality guard made it a shadow."
    )

    class Meta:
        model = QualityWatch
        fields = ("bound", "findings", "paused", "updated_at")
        read_only_fields = fields
