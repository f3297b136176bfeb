"""Questions about usage, and their answers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Instant, Query
from apps.usage.querying import (
    COMPARISONS,
    DIMENSIONS,
    GRANULARITIES,
    MEASURES,
    Answer,
    AnswerRow,
    UsageQuery,
)
from apps.usage.querying.answers import Value

FORMATS = ("json", "csv")


def _names(what: str) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=500, help_text=what)


class UsageQueryIn(Query):
    """What to sum, by what, and when. Each dimension is a filter too: provider=openai."""

    beside = frozenset(DIMENSIONS)
    measures = serializers.CharField(
        max_length=1000, help_text=f"One or several, with commas between: {', '.join(MEASURES)}."
    )
    dimensions = _names(f"With commas between, at most four: {', '.join(DIMENSIONS)}.")
    since = Instant(help_text="At a whole minute.")
    until = Instant(help_text="Before then; at a whole minute.")
    granularity = Choice(choices=tuple(GRANULARITIES), required=False, default="total")
    time_zone = serializers.CharField(
        required=False,
        max_length=64,
        help_text="Of days and months; the organization's unless said.",
    )
    compare = Choice(
        choices=COMPARISONS, required=False, help_text="The window of equal length before, too."
    )
    tag_name = serializers.CharField(
        required=False, max_length=60, help_text="Which tag the dimension or filter tag is about."
    )
    format = Choice(choices=FORMATS, required=False, default="json")

    def validate_time_zone(self, name: str) -> str:
        """Raises ValidationError."""
        if name not in available_timezones():
            raise serializers.ValidationError("Use a name of the IANA database, as Europe/Berlin.")
        return name


def query_of(asked: Mapping[str, Any], filters: Mapping[str, list[str]], zone: str) -> UsageQuery:
    """The query that was asked for. zone: where none was named. Raises InvalidQuery."""
    return UsageQuery(
        measures=_listed(asked["measures"]),
        dimensions=_listed(asked.get("dimensions", "")),
        since=asked["since"],
        until=asked["until"],
        granularity=asked["granularity"],
        zone=ZoneInfo(asked.get("time_zone", zone)),
        filters=filters,
        tag=asked.get("tag_name"),
        compare=asked.get("compare"),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def shown(value: Value) -> int | float | str | None:
    """Counts and milliseconds as numbers, US dollars as exact text."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def local(at: datetime | None) -> str | None:
    """RFC 3339 at the offset of its own time zone."""
    return at.isoformat() if at else None


_VALUES = {"type": "object", "additionalProperties": {"type": ["number", "string", "null"]}}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


class UsageRowOut(serializers.Serializer[AnswerRow]):
    """at: the start of the bucket, in the time zone of the answer; null for a total."""

    at = serializers.SerializerMethodField()
    dimensions = serializers.SerializerMethodField()
    measures = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_at(self, row: AnswerRow) -> str | None:
        return local(row.at)

    @extend_schema_field(_TEXTS)
    def get_dimensions(self, row: AnswerRow) -> dict[str, str]:
        return dict(row.dimensions)

    @extend_schema_field(_VALUES)
    def get_measures(self, row: AnswerRow) -> dict[str, int | float | str | None]:
        return {name: shown(value) for name, value in row.measures.items()}


class WindowOut(serializers.Serializer[Answer]):
    """Sums in one window; amounts in US dollars as exact text."""

    since = serializers.DateTimeField(source="query.since")
    until = serializers.DateTimeField(source="query.until")
    totals = serializers.SerializerMethodField()
    rows = UsageRowOut(many=True)

    @extend_schema_field(_VALUES)
    def get_totals(self, answer: Answer) -> dict[str, int | float | str | None]:
        return {name: shown(value) for name, value in answer.totals.items()}


class UsageOut(WindowOut):
    """The answer; previous: the window before, when it was asked for.

    sources: what it was read from. Rollups answer at once, events take their time.
    """

    granularity = serializers.CharField(source="query.granularity")
    time_zone = serializers.CharField(source="query.zone")
    currency = serializers.CharField(default="USD", read_only=True)
    sources = serializers.ListField(child=serializers.CharField())
    previous = WindowOut(allow_null=True)
