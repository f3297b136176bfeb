"""The forecast as the API shows it."""

from rest_framework import serializers

from apps.attribution.forecasting import PlanReturn
from apps.attribution.selectors import Forecast, PlanOutlook


class AmountField(serializers.DecimalField):
    """A decimal string of two places."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_digits=20, decimal_places=2, read_only=True, **options)  # type: ignore[arg-type]  # passed on


class IntervalOut(serializers.Serializer[object]):
    """90 % of the simulated paths lie between low and high, half below expected."""

    low = AmountField()
    expected = AmountField()
    high = AmountField()


class MonthOutlookOut(serializers.Serializer[object]):
    """A calendar month by your clocks, US dollars."""

    month = serializers.DateField(help_text="Its first day.")
    known_spend_usd = AmountField(help_text="Of its days that are over.")
    known_saved_usd = AmountField()
    spend = IntervalOut(help_text="Of the whole month.")
    saved = IntervalOut(help_text="By the ledger, of the whole month.")


class PlanReturnOut(serializers.Serializer[PlanReturn]):
    """Of the next 30 days, US dollars."""

    saved = IntervalOut()
    subscription = IntervalOut()
    fee = IntervalOut(help_text="If all of the saving is proven: the most that it can be.")
    net = IntervalOut(help_text="saved less subscription and fee.")
    roi_percent = IntervalOut(allow_null=True, help_text="net over what the plan costs.")
    breakeven_days = IntervalOut(allow_null=True, help_text="null: it may never pay the plan.")


class PlanOutlookOut(serializers.Serializer[PlanOutlook]):
    """What one plan would give back."""

    code = serializers.CharField(source="plan.code")
    name = serializers.CharField(source="plan.name")
    is_own = serializers.BooleanField()
    plan_return = PlanReturnOut(allow_null=True, help_text="null where its price is agreed.")


class ForecastOut(serializers.Serializer[Forecast]):
    """From whole days of your own calls: an estimate, never a proof."""

    headline = serializers.CharField(help_text="What it comes to, or what is missing.")
    is_estimate = serializers.BooleanField(default=True)
    first_day = serializers.DateField(source="days.first", allow_null=True)
    last_day = serializers.DateField(source="days.last")
    missing_days = serializers.IntegerField(
        source="days.missing", help_text="More that are needed before anything can be said."
    )
    has_saving = serializers.BooleanField(help_text="In the last 28 days.")
    proven_share = serializers.DecimalField(
        max_digits=5, decimal_places=4, allow_null=True,
        help_text="Of the saving by the ledger, in all closed statements; null before the first.",
    )  # fmt: skip
    months = MonthOutlookOut(many=True)
    plans = PlanOutlookOut(many=True)
