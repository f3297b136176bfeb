"""Links to the proof, as the API shows and takes them."""

from rest_framework import serializers

from apps.api.serializers.fields import Input, NameField
from apps.attribution.sharing.models import ProofLink
from apps.attribution.sharing.services import LEAST_DAYS, MOST_DAYS

_FIELDS: tuple[str, ...] = (
    "id", "name", "experiment_id", "statement_id", "import_id", "has_archive", "created_at",
    "expires_at", "revoked_at", "visit_count", "visited_at",
)  # fmt: skip


class ProofLinkOut(serializers.ModelSerializer[ProofLink]):
    """A link by which anybody reads one statement, an experiment as it runs, or an estimate."""

    experiment_id = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="Null: the estimate of an import."
    )
    import_id = serializers.UUIDField(read_only=True, allow_null=True)
    statement_id = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="Null: the experiment, as it runs."
    )

    class Meta:
        model = ProofLink
        fields: tuple[str, ...] = _FIELDS
        read_only_fields: tuple[str, ...] = _FIELDS


class ProofLinkSecretOut(ProofLinkOut):
    """A new link with its address, which is shown in this answer only."""

    url = serializers.SerializerMethodField(help_text="The address; it cannot be read again.")

    class Meta(ProofLinkOut.Meta):
        fields = (*_FIELDS, "url")
        read_only_fields = fields

    def get_url(self, _link: ProofLink) -> str:
        """What the view made."""
        url: str = self.context["url"]
        return url


class ProofLinkIn(Input):
    """A link to make: of a statement, of an experiment or of an import's estimate, one of them."""

    name = NameField()
    days = serializers.IntegerField(
        min_value=LEAST_DAYS, max_value=MOST_DAYS, required=False, default=30,
        help_text="How long it opens.",
    )  # fmt: skip
    statement_id = serializers.UUIDField(required=False, allow_null=True)
    experiment_id = serializers.UUIDField(required=False, allow_null=True)
    import_id = serializers.UUIDField(required=False, allow_null=True)
    has_archive = serializers.BooleanField(
        required=False, default=True, help_text="Whether rows, prices and salts may be downloaded."
    )
