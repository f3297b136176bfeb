"""Experiments and their periods as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input, Instant, NameField
from apps.api.serializers.quality import QualityOut
from apps.attribution.models import (
    LEAST_HOLDOUT,
    MOST_HOLDOUT,
    RAMP,
    USUAL_HOLDOUT,
    Experiment,
    Period,
)
from apps.attribution.selectors import Draw, Standing
from apps.attribution.statements import Point


class ExperimentOut(serializers.ModelSerializer[Experiment]):
    """Levers against none, in a project or everywhere."""

    project_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = Experiment
        fields = (
            "id", "name", "project_id", "holdout_percent", "ramp_percent", "stopped_at",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


HOLDOUT_HELP = "Of the conversations that take part."
RAMP_CHOICES = [(str(step), f"{step} %") for step in RAMP]
RAMP_HELP = "Of the traffic that takes part, as text."


class SharesIn(Input):
    """What holds from the next period on that is not committed to yet."""

    holdout_percent = serializers.IntegerField(
        min_value=LEAST_HOLDOUT, max_value=MOST_HOLDOUT, help_text=HOLDOUT_HELP
    )
    ramp_percent = Choice(choices=RAMP_CHOICES, help_text=RAMP_HELP)


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

    starts_at = Instant(help_text="In the future.")
    ends_at = Instant()
    holdout_percent = serializers.IntegerField(
        min_value=LEAST_HOLDOUT, max_value=MOST_HOLDOUT, required=False, default=USUAL_HOLDOUT,
        help_text=HOLDOUT_HELP,
    )  # fmt: skip
    ramp_percent = Choice(choices=RAMP_CHOICES, required=False, default="100", help_text=RAMP_HELP)


class PointOut(serializers.Serializer[Point]):
    """What was known at a day's end, since the experiment began. Nanos are 10^-9 US dollars."""

    day = serializers.DateField()
    units = serializers.IntegerField(help_text="Conversations that were compared.")
    audited = serializers.IntegerField(help_text="Best estimate of the saving, in nanos.")
    low = serializers.IntegerField(allow_null=True, help_text="It is at least this, in nanos.")
    high = serializers.IntegerField(allow_null=True, help_text="It is at most this, in nanos.")


class DrawOut(serializers.Serializer[Draw]):
    """The draw of a period that is open."""

    period = serializers.IntegerField()
    holdout_bp = serializers.IntegerField(help_text="The agreed share, in basis points.")
    held_out = serializers.IntegerField()
    treated = serializers.IntegerField()
    log_evidence = serializers.FloatField(
        help_text="Natural logarithm of the evidence against the agreed share."
    )
    is_paused = serializers.BooleanField(
        help_text="Conversations were lost from the draw: the period bills nothing as proven."
    )


class StandingOut(serializers.Serializer[Standing]):
    """What an experiment has shown so far; empty before its first conversations are over."""

    points = PointOut(many=True, help_text="One for each of the latest days, in order.")
    draws = DrawOut(many=True)
    units = serializers.IntegerField()
    is_overstated = serializers.BooleanField(
        help_text="The ledger claims more than the held-out conversations confirm."
    )
