"""The simulated optimisation of an import, as the API shows it."""

from rest_framework import serializers

from apps.api.serializers.outlooks import AmountField, IntervalOut
from apps.attribution.trials import CAUTION, LEFT_OUT, Share, TrialReport


class ShareOut(serializers.Serializer[Share]):
    """Of what the calls cost; 90 % of the bootstrapped shares lie between low and high."""

    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class LeverTrialOut(serializers.Serializer[object]):
    """One lever."""

    lever = serializers.CharField()
    calls = serializers.IntegerField(help_text="On which it would have acted.")
    saved_usd = AmountField()
    share = ShareOut(allow_null=True)


class TrialReportOut(serializers.Serializer[TrialReport]):
    """What the calls of a log cost, and what levers would have saved on them."""

    is_estimate = serializers.BooleanField(default=True)
    is_proven = serializers.BooleanField(default=False)
    caution = serializers.CharField(default=CAUTION)
    missing = serializers.CharField(
        help_text="What is needed for an interval; empty where there is one."
    )
    clusters = serializers.CharField(help_text="What the interval is drawn over: day or group.")
    cluster_count = serializers.IntegerField()
    days = serializers.IntegerField()
    calls = serializers.IntegerField(help_text="That have a price.")
    baseline_usd = AmountField()
    saved_usd = AmountField()
    share = ShareOut(allow_null=True)
    levers = LeverTrialOut(many=True)
    left_out = serializers.DictField(
        child=serializers.CharField(), default=LEFT_OUT, help_text="Lever → why it is not tried."
    )
    monthly_baseline_usd = AmountField(help_text="30 days at the log's mean day.")
    monthly_saved = IntervalOut(allow_null=True)
