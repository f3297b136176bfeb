"""Members and invitations as the API shows and takes them."""

from rest_framework import serializers

from apps.api.serializers.fields import Choice, Input
from apps.tenants.models import Invitation, Membership
from apps.tenants.permissions import Role

GIVEN_ROLES = [(role, label) for role, label in Role.choices() if role != Role.OWNER]


class MemberOut(serializers.ModelSerializer[Membership]):
    """Somebody who belongs to the organization."""

    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.display_name", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "email", "name", "role", "joined_at")
        read_only_fields = fields


class MemberChange(Input):
    """Another role for a member."""

    role = Choice(choices=GIVEN_ROLES)


class InvitationOut(serializers.ModelSerializer[Invitation]):
    """An open offer to join."""

    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "created_at", "expires_at")
        read_only_fields = fields


class InvitationNew(Input):
    """Whom to invite, and as what."""

    email = serializers.EmailField(max_length=254)
    role = Choice(choices=GIVEN_ROLES)
