"""Provider statements and what we make of them."""

from datetime import date
from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.api.serializers.requests import Usd
from apps.usage.services.statements import GENERIC
from apps.usage.statements import SOURCES

MONTH_PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
PROVIDER_PATTERN = r"^[a-z0-9][a-z0-9_.-]{0,59}$"


class MonthField(serializers.RegexField):
    """A month as 2026-03."""

    def __init__(self, **options: Any) -> None:
        super().__init__(MONTH_PATTERN, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Its first day. Raises ValidationError."""
        return date.fromisoformat(f"{super().run_validation(data)}-01")

    def to_representation(self, value: Any) -> str:
        return f"{value:%Y-%m}"


class ColumnsIn(Input):
    """The names of a generic file's columns."""

    day = serializers.CharField(max_length=100, help_text="Date, instant or seconds since 1970.")
    amount = serializers.CharField(max_length=100)
    model = serializers.CharField(max_length=100, required=False)
    currency = serializers.CharField(
        max_length=100, required=False, help_text="Every amount must be in USD."
    )


class StatementNew(Input):
    """A provider's cost export of one month."""

    provider = serializers.RegexField(PROVIDER_PATTERN, help_text="As in requests, e.g. openai.")
    month = MonthField(help_text="In UTC, as 2026-03.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # fields have such an attribute
        choices=(*SOURCES, GENERIC), help_text="Whose file it is; generic: any, see columns."
    )
    columns = ColumnsIn(required=False)
    file_name = NameField(required=False, default="costs.csv")
    content = serializers.CharField(trim_whitespace=False, help_text="The CSV file, as UTF-8 text.")


class ComparisonOut(serializers.Serializer[Any]):
    """Our figure beside theirs, in US dollars."""

    our_usd = Usd()
    their_usd = Usd()
    gap_usd = Usd(help_text="Ours less theirs.")
    gap_percent = serializers.DecimalField(
        max_digits=38, decimal_places=2, allow_null=True, help_text="The gap, of theirs."
    )


class StatementOut(serializers.Serializer[Any]):
    """A provider's account of a month, and how far ours is from it."""

    id = serializers.UUIDField(source="statement.id")
    provider = serializers.CharField(source="statement.provider")
    month = MonthField(source="statement.month")
    file_name = serializers.CharField(source="statement.file_name")
    row_count = serializers.IntegerField(source="statement.row_count")
    outside_count = serializers.IntegerField(
        source="statement.outside_count", help_text="Rows of other months, left out."
    )
    created_at = serializers.DateTimeField(source="statement.created_at")
    total = ComparisonOut()


class ModelLineOut(serializers.Serializer[Any]):
    """One model; 0 where a side does not know it."""

    model = serializers.CharField(help_text="Empty for what their file names no model for.")
    calls = serializers.IntegerField()
    comparison = ComparisonOut()


class UnpricedOut(serializers.Serializer[Any]):
    """Calls whose cost is not known, which our figure therefore lacks."""

    model = serializers.CharField()
    calls = serializers.IntegerField()
    tokens = serializers.IntegerField()


class ReconciliationOut(StatementOut):
    """The same with what may explain the gap."""

    call_count = serializers.IntegerField()
    estimated_count = serializers.IntegerField(help_text="Their tokens are our estimate.")
    estimated_percent = serializers.DecimalField(max_digits=38, decimal_places=2, allow_null=True)
    models = ModelLineOut(many=True, help_text="Empty where their file names no models.")
    unpriced = UnpricedOut(many=True)
