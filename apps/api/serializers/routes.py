"""Routes as the API shows and takes them."""

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input
from apps.tenants.models import Route, RouteTarget, Strategy
from apps.tenants.models.route import LONGEST_MS, LOWEST_PRIORITY, MOST_RETRIES, MOST_WEIGHT
from apps.tenants.services.credentials import PROVIDERS
from apps.tenants.services.routes import MOST_TARGETS

MODEL_PATTERN = r"^[!-~]{1,200}$"
# At most eight stars.
ROUTE_PATTERN = r"^([!-)+-~]*\*?){1,9}$"


class TargetOut(serializers.ModelSerializer[RouteTarget]):
    """A place to which a route leads."""

    model = serializers.SerializerMethodField(help_text="null is the model that was asked for.")

    class Meta:
        model = RouteTarget
        fields = ("provider", "credential_id", "model", "priority", "weight")
        read_only_fields = fields

    def get_model(self, target: RouteTarget) -> str | None:
        return target.model or None


class RouteOut(serializers.ModelSerializer[Route]):
    """Which providers carry the calls for the models of a pattern."""

    targets = TargetOut(many=True, read_only=True)

    class Meta:
        model = Route
        fields = (
            "id", "project_id", "pattern", "strategy", "targets", "max_retries", "connect_ms",
            "first_byte_ms", "idle_ms", "total_ms", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class ModelField(serializers.CharField):
    """A model's name: visible ASCII characters without spaces."""

    def __init__(self, pattern: str = MODEL_PATTERN, **options: object) -> None:
        super().__init__(max_length=200, **options)  # type: ignore[arg-type]
        self.validators.append(RegexValidator(pattern, "Write it without spaces."))


class MillisecondsField(serializers.IntegerField):
    """A time to wait."""

    def __init__(self, help_text: str) -> None:
        super().__init__(min_value=1, max_value=LONGEST_MS, required=False, help_text=help_text)


class TargetNew(Input):
    """A place to which a route shall lead."""

    provider = Choice(choices=list(PROVIDERS.items()))
    credential_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="null is any credential of the provider."
    )
    model = ModelField(
        default=None, allow_null=True, help_text="null is the model that was asked for."
    )
    priority = serializers.IntegerField(
        min_value=0,
        max_value=LOWEST_PRIORITY,
        default=0,
        help_text="The lowest is tried first; higher ones are fallbacks, in order.",
    )
    weight = serializers.IntegerField(
        min_value=1, max_value=MOST_WEIGHT, default=1, help_text="Share within a priority."
    )


PATTERN_HELP = (
    "A model's name; * stands for any run of characters. The most specific route wins: a project's "
    "before the organization's, a name before a pattern, a longer pattern before a shorter one."
)


class TargetsField(serializers.ListField):
    """Where a route leads."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            child=TargetNew(), min_length=1, max_length=MOST_TARGETS, required=required
        )


class RouteChange(Input):
    """What a route shall say; fields left out stay as they are."""

    # Not by `partial`, which would reach into the targets and let their fields be left out.
    pattern = ModelField(ROUTE_PATTERN, required=False, help_text=PATTERN_HELP)
    project_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="null is the whole organization."
    )
    strategy = Choice(choices=Strategy.choices, required=False)
    targets = TargetsField(required=False)
    max_retries = serializers.IntegerField(min_value=0, max_value=MOST_RETRIES, required=False)
    connect_ms = MillisecondsField("To reach the provider.")
    first_byte_ms = MillisecondsField("Until its answer begins.")
    idle_ms = MillisecondsField("Between two pieces of its answer.")
    total_ms = MillisecondsField("For everything, with all retries.")


class RouteNew(RouteChange):
    """A route to add."""

    pattern = ModelField(ROUTE_PATTERN, help_text=PATTERN_HELP)
    targets = TargetsField()
