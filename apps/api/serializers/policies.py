"""What levers may do, as the API shows and takes it."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input
from apps.optimization.access import LEVERS, STATES
from apps.optimization.feedback import LONGEST_COMMENT
from apps.optimization.selectors import LONGEST_TTL_S
from apps.optimization.services import LONGEST_DEADLINE_S, LONGEST_NAME, MOST_MODELS, TRAFFIC_STEPS

SHARE_PATTERN = r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$"
SCORE_PATTERN = r"^(0(\.[0-9]{1,3})?|1(\.0{1,3})?)$"
BOUND_HELP = "The greatest share of answers that may be worse than the untouched ones, as text."

JUDGE_HELP = (
    "The model that compares answers, asked with this project's credentials; none: no model. Where "
    "nothing is said it is the installation's own, if it has one."
)


class LeversField(serializers.DictField):
    """Lever → its state."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=Choice(choices=STATES), read_only=True, **options)


class TermsOut(serializers.Serializer[Any]):
    """What is said; null where it is left to what is above."""

    levers = LeversField(help_text="Those that are said.")
    quality_bound = serializers.DecimalField(
        max_digits=5, decimal_places=4, normalize_output=True, read_only=True, allow_null=True,
        help_text=BOUND_HELP,
    )  # fmt: skip
    cache_ttl_s = serializers.IntegerField(read_only=True, allow_null=True)
    caches_any_temperature = serializers.BooleanField(read_only=True, allow_null=True)
    traffic_percent = serializers.IntegerField(read_only=True, allow_null=True)
    allowed_models = serializers.ListField(
        child=serializers.CharField(), read_only=True, allow_null=True
    )
    judge_model = serializers.CharField(read_only=True, allow_null=True, help_text=JUDGE_HELP)
    deadline_s = serializers.IntegerField(read_only=True, allow_null=True)


class EffectiveOut(TermsOut):
    """What holds, everything said."""

    levers = LeversField(source="states", help_text="All of them.")


class PolicyOut(TermsOut):
    """The word of the organization, of a project or of a key, and what holds by it."""

    project_id = serializers.UUIDField(read_only=True, allow_null=True)
    api_key_id = serializers.UUIDField(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True)
    set_by = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    effective = EffectiveOut(read_only=True)


class PoliciesOut(serializers.Serializer[Any]):
    """The newest word of each subject, and what holds where nobody said anything."""

    default = EffectiveOut(read_only=True)
    policies = PolicyOut(many=True, read_only=True)


class LeversIn(Input):
    """States of levers; those left out are as above."""

    def get_fields(self) -> dict[str, Any]:
        """One for each lever."""
        return {lever: Choice(choices=STATES, required=False) for lever in LEVERS}


class PolicyIn(Input):
    """The whole word of one subject: the key, else the project, else the organization. What is
    left out or null is as above; an off above is final.
    """

    project_id = serializers.UUIDField(required=False, allow_null=True)
    api_key_id = serializers.UUIDField(required=False, allow_null=True)
    levers = LeversIn(required=False)
    quality_bound = serializers.CharField(
        max_length=6, required=False, allow_null=True, help_text=BOUND_HELP,
        validators=[RegexValidator(SHARE_PATTERN, "Write it like 0.01.")],
    )  # fmt: skip
    cache_ttl_s = serializers.IntegerField(
        min_value=1, max_value=LONGEST_TTL_S, required=False, allow_null=True,
        help_text="Seconds that an answer is kept.",
    )  # fmt: skip
    caches_any_temperature = serializers.BooleanField(
        required=False, allow_null=True, help_text="Keep answers also where temperature is not 0."
    )
    traffic_percent = Choice(
        choices=[(str(step), f"{step} %") for step in TRAFFIC_STEPS],
        required=False,
        allow_null=True,
        help_text="Of the conversations that levers may touch, as text.",
    )
    allowed_models = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_NAME),
        max_length=MOST_MODELS,
        required=False,
        allow_null=True,
        help_text="Models that levers may choose.",
    )
    deadline_s = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DEADLINE_S, required=False, allow_null=True,
        help_text="Seconds that a call can wait which does not send Netra-Deadline.",
    )  # fmt: skip
    judge_model = serializers.CharField(
        max_length=LONGEST_NAME, required=False, allow_null=True, help_text=JUDGE_HELP
    )


class InvalidationIn(Input):
    """Which kept answers are void."""

    project_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Left out: all projects."
    )
    tag = serializers.CharField(
        max_length=2 * LONGEST_NAME,
        required=False,
        allow_null=True,
        help_text="name=value, as calls were sent with in Netra-Tags. Left out: all answers.",
    )


class InvalidationOut(serializers.Serializer[Any]):
    """Answers to calls that began before `at` are not given any more."""

    project_id = serializers.UUIDField(read_only=True, allow_null=True)
    tag = serializers.CharField(read_only=True, allow_null=True)
    at = serializers.DateTimeField(read_only=True)


class FeedbackIn(Input):
    """How good an answer was."""

    request_id = serializers.UUIDField(help_text="What Netra-Request-Id said.")
    score = serializers.CharField(
        max_length=5,
        help_text="From 0 (bad) to 1 (good), as text.",
        validators=[RegexValidator(SCORE_PATTERN, "Write it like 0.5.")],
    )
    comment = serializers.CharField(
        max_length=LONGEST_COMMENT, required=False, allow_blank=True, default=""
    )


class FeedbackOut(serializers.Serializer[Any]):
    """What was said of an answer."""

    request_id = serializers.UUIDField(read_only=True)
    score = serializers.DecimalField(
        max_digits=4, decimal_places=3, normalize_output=True, read_only=True
    )
    comment = serializers.CharField(read_only=True)
    given_at = serializers.DateTimeField(read_only=True)
