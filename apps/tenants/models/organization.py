"""Organizations, who belongs to them, and who is invited."""

from django.db import models
from django.utils import timezone

from apps.kernel.ids import uuid7
from apps.tenants.models.announcement import announce_change
from apps.tenants.models.audit import audited
from apps.tenants.models.user import User
from apps.tenants.permissions import Role


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def of(self, user: User) -> "OrganizationQuerySet":
        """Those that `user` is a member of, by name."""
        return self.filter(memberships__user=user, closed_at=None).order_by("name", "id")


@audited(exclude=("schema_leaf",))
class Organization(models.Model):
    """A customer. Its usage, policies and proofs live in the schema `schema_name`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=50, unique=True)
    schema_name = models.CharField(max_length=63, unique=True, editable=False)
    schema_leaf = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Digest of the tenant migrations that its schema has.",
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="USD")
    is_system = models.BooleanField(
        default=False, editable=False, help_text="Owns our own LLM calls."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "is_system", condition=models.Q(is_system=True), name="one_system_organization"
            ),
        )
        triggers = (announce_change(on=("slug", "closed_at"), organization="{row}.id"),)

    def __str__(self) -> str:
        return self.name


@audited()
class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices())
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "user"), name="one_membership_each_organization"
            ),
            models.UniqueConstraint(
                fields=("organization",),
                condition=models.Q(role=Role.OWNER),
                name="one_owner_each_organization",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]),
                name="membership_role_is_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


@audited(exclude=("token_digest",))
class Invitation(models.Model):
    """An e-mailed offer to join; only a digest of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices())
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_each_address",
            ),
            models.CheckConstraint(
                condition=~models.Q(role=Role.OWNER), name="nobody_is_invited_as_owner"
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"
