"""Calls through the gateway as the API shows them."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Instant, PageQuery, Query
from apps.attribution.assignment import HOLDOUT, TREATMENT
from apps.kernel.events import KINDS, OUTCOMES
from apps.optimization.access import LEVERS
from apps.usage.exports import FORMATS
from apps.usage.selectors import UsageEvent, adjustments

MOST_MS = 2_000_000_000


ARMS = (HOLDOUT, TREATMENT)
SORTED_BY = ("started_at", "actual_usd", "total_ms")


def _text(help_text: str = "", **options: Any) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=200, help_text=help_text, **options)


class ExactUsd(serializers.RegexField):
    """US dollars with up to 18 decimals, as text."""

    default_error_messages = {"invalid": "Write it like 0.05, in US dollars."}

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[0-9]{1,20}(\.[0-9]{1,18})?$", required=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The amount. Raises ValidationError, SkipField."""
        return Decimal(super().run_validation(data))


def _ms(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=0, max_value=MOST_MS, help_text=help_text
    )


class RequestFilter(Query):
    """Which requests; what is left out does not narrow, and all that is given must hold."""

    project_id = serializers.UUIDField(required=False)
    api_key_id = serializers.UUIDField(required=False)
    provider = _text()
    model = _text("The model that was asked for or that answered.")
    kind = Choice(required=False, choices=KINDS)
    outcome = Choice(required=False, choices=OUTCOMES)
    status = serializers.IntegerField(required=False, min_value=100, max_value=599)
    status_class = serializers.IntegerField(
        required=False, min_value=1, max_value=5, help_text="4 for 400 to 499."
    )
    error_code = _text()
    conversation_id = _text()
    end_user = _text()
    tag = _text("The name of a tag that it has.")
    tag_value = _text("With this value, when `tag` is given.")
    min_usd = ExactUsd(help_text="Cost at least so much; unpriced requests have none.")
    max_usd = ExactUsd(help_text="Cost at most so much.")
    min_ms = _ms("Took at least so long.")
    max_ms = _ms("Took at most so long.")
    is_priced = serializers.BooleanField(
        required=False, help_text="False for those whose cost is not known."
    )
    is_estimated = serializers.BooleanField(required=False)
    lever = Choice(
        required=False, choices=list(LEVERS), help_text="One that saved or cost something."
    )
    arm = Choice(required=False, choices=ARMS, help_text="Of the experiment.")
    since = Instant(required=False, help_text="Started then or later.")
    until = Instant(required=False, help_text="Started before then.")
    text = _text(
        "The id, or part of conversation, end user, model, error code or tags, in any case."
    )


class RequestSearch(RequestFilter):
    """Which requests, and in which order."""

    beside = PageQuery.beside
    sort = Choice(
        required=False,
        choices=SORTED_BY,
        default="started_at",
        help_text="The highest first. Requests that have no cost or no duration are left out when "
        "it is sorted by.",
    )


class ExportFilter(RequestFilter):
    """Which requests, and as what."""

    format = Choice(
        choices=sorted(FORMATS),
        help_text="focus: CSV in the columns of FOCUS 1.2, one row for each hour, project, key, "
        "tags, model and token bucket; unpriced requests have no row.",
    )


class Usd(serializers.DecimalField):
    """An exact amount of US dollars, as a string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=38, decimal_places=18, allow_null=True, **options)


class TokensOut(serializers.Serializer[Any]):
    """Disjoint counts: each token is in one of them."""

    input_uncached = serializers.IntegerField()
    cache_read = serializers.IntegerField()
    cache_write_5m = serializers.IntegerField()
    cache_write_1h = serializers.IntegerField()
    output = serializers.IntegerField()
    reasoning = serializers.IntegerField()
    input_audio = serializers.IntegerField()
    output_audio = serializers.IntegerField()
    input_image = serializers.IntegerField()
    output_image = serializers.IntegerField()


class RequestOut(serializers.Serializer[Any]):
    """One call, whatever became of it. `id` is what `Netra-Request-Id` said."""

    id = serializers.UUIDField()
    started_at = serializers.DateTimeField()
    kind = Choice(choices=KINDS)
    project_id = serializers.UUIDField()
    api_key_id = serializers.UUIDField(allow_null=True)
    end_user = serializers.CharField(allow_null=True)
    endpoint = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    requested_model = serializers.CharField(allow_null=True)
    served_model = serializers.CharField(allow_null=True)
    is_stream = serializers.BooleanField()
    status = serializers.IntegerField(allow_null=True)
    outcome = Choice(choices=OUTCOMES)
    error_code = serializers.CharField(allow_null=True)
    is_estimated = serializers.BooleanField(help_text="Its tokens are estimated, not reported.")
    tokens = TokensOut(source="*")
    actual_usd = Usd(help_text="What the call cost; null when it has no price.")
    counterfactual_usd = Usd(help_text="What it would have cost untouched.")
    first_byte_ms = serializers.FloatField(allow_null=True)
    total_ms = serializers.FloatField(allow_null=True)


class AttemptOut(serializers.Serializer[Any]):
    """One try at one provider."""

    provider = serializers.CharField()
    credential_id = serializers.UUIDField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    status = serializers.IntegerField(allow_null=True)
    outcome = Choice(choices=OUTCOMES)
    buckets = TokensOut()
    cost_usd = Usd()
    started_ms = serializers.FloatField()
    latency_ms = serializers.FloatField(allow_null=True)
    error_code = serializers.CharField(allow_null=True)


class DecisionOut(serializers.Serializer[Any]):
    """What a lever decided."""

    lever = serializers.CharField()
    decision = serializers.CharField()
    reason = serializers.CharField()
    certificate_id = serializers.UUIDField(allow_null=True)
    namespace = serializers.CharField(
        allow_null=True, default=None, help_text="Within which the lever is certified."
    )
    score = serializers.FloatField(
        allow_null=True, default=None, help_text="By which it was decided: the higher, the safer."
    )
    entry = serializers.CharField(
        allow_null=True, default=None, help_text="The kept answer that it was about."
    )


class AdjustmentOut(serializers.Serializer[Any]):
    """What a later price of the call changed, beside the price before it."""

    price_version = serializers.IntegerField()
    actual_usd = Usd()
    counterfactual_usd = Usd()
    saved_usd = Usd()


class RequestDetailOut(RequestOut):
    """One call in full. Its amounts are those after all `adjustments`, the first one first."""

    tags = serializers.DictField(child=serializers.CharField())
    dialect = serializers.CharField()
    credential_id = serializers.UUIDField(allow_null=True)
    attempts = AttemptOut(many=True)
    units = serializers.DictField(child=serializers.IntegerField())
    price_version = serializers.IntegerField(allow_null=True)
    policy_version = serializers.IntegerField(allow_null=True)
    admission_ms = serializers.FloatField(allow_null=True)
    upstream_ms = serializers.FloatField(allow_null=True)
    overhead_ms = serializers.FloatField(allow_null=True)
    request_bytes = serializers.IntegerField()
    response_bytes = serializers.IntegerField()
    conversation_id = serializers.CharField(allow_null=True)
    provider_request_id = serializers.CharField(allow_null=True)
    client_retry_count = serializers.IntegerField()
    unit = serializers.CharField(
        allow_null=True, help_text="What was assigned as a whole, for example a conversation."
    )
    experiment_id = serializers.UUIDField(allow_null=True)
    period_id = serializers.UUIDField(allow_null=True)
    arm = serializers.CharField(allow_null=True, help_text="treatment or holdout.")
    propensity = serializers.FloatField(
        allow_null=True, help_text="The probability with which a unit of the period is treated."
    )
    is_triggered = serializers.BooleanField(help_text="A lever had something to do, in either arm.")
    decisions = DecisionOut(many=True)
    decomposition = serializers.DictField(
        child=serializers.CharField(), help_text="Saved US dollars of each lever, as strings."
    )
    adjustments = serializers.SerializerMethodField()

    @extend_schema_field(AdjustmentOut(many=True))
    def get_adjustments(self, call: UsageEvent) -> Any:
        """Those of the call."""
        return AdjustmentOut(adjustments(call), many=True).data


class ContentPartOut(serializers.Serializer[Any]):
    """One side of a call; `base64` stands in place of `text` where the body is no text."""

    type = serializers.CharField(help_text="Media type.")
    text = serializers.CharField(required=False)
    base64 = serializers.CharField(required=False)
    is_cut = serializers.BooleanField(help_text="Whether the body was longer than is kept.")


class ContentOut(serializers.Serializer[Any]):
    """What was asked and answered in one request."""

    request = ContentPartOut()
    answer = ContentPartOut()
