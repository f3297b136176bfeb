"""What Netra was worth, as the API shows it: exact US dollars as text, nothing rounded."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from apps.api.serializers.fields import Choice, Query
from apps.attribution.models import SavingsStatement
from apps.attribution.statements import amounts
from apps.attribution.valuing import (
    ArmValue,
    Bucket,
    ExperimentValue,
    LeverValue,
    ProvenValue,
    Rate,
    Spend,
    Value,
    ValueQuery,
    Window,
    usual_days,
)

_LONGEST = 200


def _text(help_text: str, most: int = _LONGEST) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=most, help_text=help_text)


class ValueQueryIn(Query):
    """Which days and whose requests; the same names as in the address of the page."""

    since = serializers.DateField(required=False, help_text="The first day, by your clocks.")
    until = serializers.DateField(
        required=False, help_text="The last day. Without days: the last 30, today included."
    )
    compare = Choice(
        choices=("previous", "no"), default="previous", help_text="The window before, too."
    )
    project_id = serializers.UUIDField(required=False)
    api_key_id = serializers.UUIDField(required=False)
    requested_model = _text("The model that was asked for.")
    end_user = _text("Exactly this end user.")
    tag_name = _text("Name of a tag; `tag` is its value.", 60)
    tag = _text("Value of the tag `tag_name`.")

    def query(self, *, zone: ZoneInfo, today: date) -> ValueQuery:
        """What the valid query string asks for. Raises InvalidQuery."""
        given = dict(self.validated_data)
        compares = given.pop("compare") == "previous"
        days = usual_days(given.pop("since", None), given.pop("until", None), today=today)
        return ValueQuery(*days, zone, compares=compares, **given)


class ExactField(serializers.CharField):
    """US dollars as plain digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> str:
        """Without an exponent."""
        return f"{value:f}"


class ValueSpendOut(serializers.Serializer[Spend]):
    """Of one window or bucket."""

    requests = serializers.IntegerField(source="calls", help_text="Refused ones left out.")
    tokens = serializers.IntegerField(help_text="That providers counted.")
    unpriced_requests = serializers.IntegerField(source="unpriced_calls")
    untouched_usd = ExactField(help_text="Spend without Netra: actual and estimated saving.")
    actual_usd = ExactField(help_text="What providers charged, comparing included.")
    overhead_usd = ExactField(help_text="Of it, what comparing answers cost.")
    estimated_usd = ExactField(help_text="Saved by the ledger, less overhead; never billed.")


class LeverValueOut(serializers.Serializer[LeverValue]):
    """Of one lever, by the ledger; "" is what no single lever claims."""

    lever = serializers.CharField()
    saved_usd = ExactField(help_text="On requests; below 0 where it cost more than it saved.")
    overhead_usd = ExactField(help_text="What comparing its answers cost.")
    net_usd = ExactField()


class ValueRateOut(serializers.Serializer[Rate]):
    """US dollars for one, without Netra and with it; null of nothing."""

    before = ExactField(allow_null=True)
    after = ExactField(allow_null=True)


class ValueWindowOut(serializers.Serializer[Window]):
    """Figures of one window, [since, until)."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    spend = ValueSpendOut()
    levers = LeverValueOut(many=True)
    per_request = ValueRateOut(source="spend.per_call")
    per_thousand_tokens = ValueRateOut()


class ValueBucketOut(serializers.Serializer[Bucket]):
    """at: where it begins, in your time zone."""

    at = serializers.DateTimeField()
    spend = ValueSpendOut()
    levers_usd = serializers.DictField(
        source="levers", child=ExactField(), help_text="Lever → net saving."
    )


class ArmValueOut(serializers.Serializer[ArmValue]):
    """Requests of one arm of the experiment."""

    requests = serializers.IntegerField(source="calls")
    failed_requests = serializers.IntegerField(source="failed_calls")
    failed_share = serializers.FloatField(allow_null=True)
    latency_p50_ms = serializers.FloatField(allow_null=True)
    latency_p95_ms = serializers.FloatField(allow_null=True)


class ExperimentValueOut(serializers.Serializer[ExperimentValue]):
    """All since the experiment began; null before its first bound."""

    id = serializers.UUIDField(source="experiment.pk")
    name = serializers.CharField(source="experiment.name")
    conversations = serializers.IntegerField(source="units")
    saved_usd = ExactField(allow_null=True, help_text="The best estimate.")
    low_usd = ExactField(allow_null=True, help_text="At least.")
    high_usd = ExactField(allow_null=True, help_text="At most.")


class ProvenStatementOut(serializers.Serializer[SavingsStatement]):
    """A statement of the window, in short; `/statements/ID` has all of it."""

    id = serializers.UUIDField(source="pk")
    experiment_id = serializers.UUIDField(source="log_id")
    starts_at = serializers.DateTimeField(source="period.starts_at")
    ends_at = serializers.DateTimeField(source="period.ends_at")
    amounts_usd = serializers.SerializerMethodField()

    def get_amounts_usd(self, statement: SavingsStatement) -> dict[str, str]:
        """paid, ledger, proven, billed and fee as plain digits."""
        found = amounts(statement.document)
        names = ("paid", "ledger", "proven", "billed", "fee")
        return {name: f"{getattr(found, name):f}" for name in names}


class ProvenValueOut(serializers.Serializer[ProvenValue]):
    """proven_usd: of the periods that ended in the window; null without any statement."""

    proven_usd = ExactField(allow_null=True)
    before_usd = ExactField(allow_null=True, help_text="Of the window before.")
    statements = ProvenStatementOut(many=True)
    experiments = ExperimentValueOut(many=True)


class ValueOut(serializers.Serializer[Value]):
    """proven and spend.estimated_usd are two answers to one question and are never added up."""

    first_day = serializers.DateField(source="query.first")
    last_day = serializers.DateField(source="query.last")
    time_zone = serializers.CharField(source="query.zone")
    currency = serializers.CharField(default="USD", read_only=True)
    granularity = serializers.CharField(source="query.granularity")
    now = ValueWindowOut()
    before = ValueWindowOut(allow_null=True)
    proven = ProvenValueOut(
        allow_null=True, help_text="null where filters are narrower than an experiment."
    )
    holdout = ArmValueOut()
    treatment = ArmValueOut()
    buckets = ValueBucketOut(many=True)
    sources = serializers.ListField(child=serializers.CharField())
