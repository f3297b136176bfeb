"""Forms about members and invitations."""

from django import forms

from apps.tenants.permissions import Role

# Ownership is transferred, never given.
GIVEN_ROLES = [choice for choice in Role.choices() if choice[0] != Role.OWNER]


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label="Role",
        choices=GIVEN_ROLES,
        initial=Role.DEVELOPER.value,
        help_text=(
            "Admins manage members, settings and credentials. Developers make projects and keys. "
            "Finance and viewers only read."
        ),
    )


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role")
