"""Notices and the use of the plan as the API shows them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Choice, PageQuery
from apps.notices.kinds import Kind
from apps.notices.models import Notice
from apps.tenants.plans import PLANS, Allowance


class NoticeQuery(PageQuery):
    """Which notices."""

    kind = Choice(
        required=False,
        choices=[kind.value for kind in Kind],
        help_text="Of this kind only.",
    )


class NoticeOut(serializers.ModelSerializer[Notice]):
    """Something that the organization was told."""

    kind = Choice(choices=[kind.value for kind in Kind], read_only=True)
    payload = serializers.DictField(read_only=True, help_text="The facts, as webhooks carry them.")

    class Meta:
        model = Notice
        fields = ("id", "kind", "subject", "advice", "payload", "at")
        read_only_fields = fields


class UseOut(serializers.Serializer[Any]):
    """How much of one allowance is used."""

    allowance = Choice(choices=[each.value for each in Allowance])
    used = serializers.IntegerField(
        help_text="Of agent runs: those of the busiest person in the last 5 hours."
    )
    amount = serializers.IntegerField(allow_null=True, help_text="null is without a bound.")
    measured_at = serializers.DateTimeField()


class PlanUseOut(serializers.Serializer[Any]):
    """What the plan allows, and how much of it is used."""

    plan = Choice(choices=[plan.code for plan in PLANS])
    limits = UseOut(many=True)
