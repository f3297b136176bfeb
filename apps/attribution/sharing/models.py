"""Rows of the public schema: a link must find its organization before any scope is open."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from apps.kernel.ids import uuid7
from apps.tenants.models import Organization, User
from apps.tenants.models.audit import audited


class ProofLinkQuerySet(models.QuerySet["ProofLink"]):
    def usable(self, *, at: datetime) -> "ProofLinkQuerySet":
        """Neither revoked nor expired at `at`, of an organization that is open."""
        return self.filter(revoked_at=None, expires_at__gt=at, organization__closed_at=None)


@audited(exclude=("digest", "pepper_id", "visit_count", "visited_at"))
class ProofLink(models.Model):
    """Opens one statement, or an experiment as it runs where `statement_id` is empty; or the
    estimate of one import, and then no experiment.

    name: for whom it is. digest: HMAC-SHA-256 of the token, which is not stored. has_archive:
    whether the rows, prices and salts may be downloaded too.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="proof_links"
    )
    name = models.CharField(max_length=80)
    experiment_id = models.UUIDField(null=True)
    statement_id = models.UUIDField(null=True)
    import_id = models.UUIDField(null=True)
    has_archive = models.BooleanField(default=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    pepper_id = models.CharField(max_length=32, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, editable=False)
    visit_count = models.PositiveIntegerField(default=0, editable=False)
    visited_at = models.DateTimeField(null=True, editable=False)

    objects = ProofLinkQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="link_expires_after_it_is_made"
            ),
            models.CheckConstraint(
                condition=Q(experiment_id=None, statement_id=None, import_id__isnull=False)
                | Q(experiment_id__isnull=False, import_id=None),
                name="link_opens_one_thing",
            ),
        )
        indexes = (models.Index(fields=("organization", "-created_at"), name="links_by_age"),)

    def __str__(self) -> str:
        return self.name

    def is_usable(self, *, at: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.expires_at > at


class ProofVisit(models.Model):
    """What somebody opened by a link, and when; nothing about who it was."""

    link = models.ForeignKey(ProofLink, on_delete=models.CASCADE, related_name="visits")
    what = models.CharField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("link", "-at", "-id"), name="visits_by_age"),)

    def __str__(self) -> str:
        return f"{self.what} at {self.at}"
