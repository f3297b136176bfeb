"""Imports of logs as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input, Query
from apps.api.serializers.requests import Usd
from apps.usage.imports.formats import FORMATS
from apps.usage.imports.selectors import LEVERS, STATES

BINARY = {"type": "string", "format": "binary", "minLength": 1}


@extend_schema_field(BINARY)
class UploadedFile(serializers.FileField):
    """A file of any size, on disk where it is large."""


class ImportNew(Input):
    """A log as a form of a browser sends it."""

    file = UploadedFile(help_text="JSONL, JSON or CSV, as it is or packed by gzip.")


class ImportOptions(Query):
    """What is said of a file besides its content."""

    format = Choice(
        required=False, choices=sorted(FORMATS), help_text="Found out when it is not said."
    )
    project_id = serializers.UUIDField(
        required=False, help_text="Where the calls are counted; the oldest project if not said."
    )
    name = serializers.CharField(
        required=False, max_length=200, help_text="The name of a file sent as the whole body."
    )


class ImportOut(serializers.Serializer[Any]):
    """One uploaded log, how far it is read, and what was found in it."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    name = serializers.CharField()
    project_id = serializers.UUIDField()
    format = serializers.CharField(help_text="Empty until it is known.")
    state = Choice(choices=STATES)
    failure = serializers.CharField(help_text="Why nothing could be read; empty else.")
    byte_count = serializers.IntegerField(help_text="Of the file, unpacked.")
    read_bytes = serializers.IntegerField()
    new_count = serializers.IntegerField(help_text="Calls that were not known.")
    known_count = serializers.IntegerField(help_text="Calls that were imported before.")
    skipped_count = serializers.IntegerField(help_text="Records that are no calls.")
    error_count = serializers.IntegerField(help_text="Lines that are broken.")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    same_as_id = serializers.UUIDField(
        allow_null=True, help_text="An earlier import of the same file."
    )
    finished_at = serializers.DateTimeField(allow_null=True)


class SpendOut(serializers.Serializer[Any]):
    """What new calls of one kind cost."""

    value = serializers.CharField()
    call_count = serializers.IntegerField()
    unpriced_count = serializers.IntegerField(help_text="Calls without a price; never counted 0.")
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    usd = Usd(help_text="By our price book at the time of each call.")
    reported_usd = Usd(help_text="What the source says they cost.")


class ImportSpendOut(serializers.Serializer[Any]):
    """The same calls by each dimension; days are UTC."""

    total = SpendOut(many=True)
    model = SpendOut(many=True)
    day = SpendOut(many=True)
    key = SpendOut(many=True)
    user = SpendOut(many=True)
    tag = SpendOut(many=True)


class EstimateOut(serializers.Serializer[Any]):
    """What a lever may save of these calls: a range read from a log, and no proof."""

    lever = Choice(choices=LEVERS)
    name = serializers.CharField(source="label")
    candidate_calls = serializers.IntegerField()
    patterns = serializers.IntegerField(help_text="How many different ones the calls are of.")
    low_usd = serializers.CharField()
    high_usd = serializers.CharField()
    low_share = serializers.CharField(help_text="Of what the import cost, 0 to 1.")
    high_share = serializers.CharField()
    method = serializers.CharField()
    assumption = serializers.CharField()
    is_assumed = serializers.BooleanField(help_text="The range itself is an assumption.")
    is_proven = serializers.BooleanField(help_text="Never, before calls go through the gateway.")
    caution = serializers.CharField()


class ImportDetailOut(ImportOut):
    """An import with its result."""

    spend = serializers.SerializerMethodField()
    estimates = EstimateOut(many=True)

    @extend_schema_field(ImportSpendOut)
    def get_spend(self, _row: object) -> Any:
        return ImportSpendOut(self.context["spend"]).data


class LineErrorOut(serializers.Serializer[Any]):
    """A line that holds no call, and why."""

    line = serializers.IntegerField(help_text="From 1; of a longer record, its first.")
    reason = serializers.CharField()
