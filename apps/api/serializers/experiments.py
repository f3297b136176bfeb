"""Experiments and their periods as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.api.serializers.quality import QualityOut
from apps.attribution.models import LEAST_HOLDOUT, MOST_HOLDOUT, RAMP, Experiment, Period


class ExperimentOut(serializers.ModelSerializer[Experiment]):
    """Levers against none, in a project or everywhere."""

    project_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = Experiment
        fields = ("id", "name", "project_id", "created_at")
        read_only_fields = fields


class ExperimentIn(Input):
    """An experiment to begin; nobody is held out before it has a period."""

    name = NameField()
    project_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Left out: the whole organization."
    )


class PeriodOut(serializers.ModelSerializer[Period]):
    """One period [starts_at, ends_at) of an experiment."""

    experiment_id = serializers.UUIDField(read_only=True)
    salt = serializers.SerializerMethodField(
        help_text="Hexadecimal; null until nobody is assigned by it any more."
    )
    quality = QualityOut(read_only=True, allow_null=True)

    class Meta:
        model = Period
        fields = (
            "id", "experiment_id", "starts_at", "ends_at", "holdout_percent", "ramp_percent",
            "commitment", "salt", "quality", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_salt(self, period: Period) -> str | None:
        """What the view found published."""
        salts: dict[Any, str] = self.context.get("salts", {})
        return salts.get(period.pk)


class PeriodIn(Input):
    """A period to commit to; nothing of it changes afterwards."""

    starts_at = serializers.DateTimeField(help_text="In the future.")
    ends_at = serializers.DateTimeField()
    holdout_percent = serializers.IntegerField(
        min_value=LEAST_HOLDOUT, max_value=MOST_HOLDOUT, required=False, default=10,
        help_text="Of the conversations that take part.",
    )  # fmt: skip
    ramp_percent = serializers.ChoiceField(
        choices=[(str(step), f"{step} %") for step in RAMP],
        required=False,
        default="100",
        help_text="Of the traffic that takes part, as text.",
    )
