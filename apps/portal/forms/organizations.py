"""Forms about an organization."""

import zoneinfo
from typing import Any

from django import forms

from apps.kernel.money import MINOR_DIGITS
from apps.tenants.models import Membership, Organization
from apps.tenants.permissions import Role
from apps.tenants.selectors import members


class OrganizationForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="Usually the name of your company.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class SettingsForm(OrganizationForm):
    """Name, time zone and currency."""

    currency = forms.ChoiceField(
        label="Currency",
        choices=[(code, code) for code in MINOR_DIGITS],
        help_text="Of invoices. Usage and savings are shown in US dollars, as providers charge.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone",
            choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
            help_text="Days and months of reports begin at midnight there.",
        )
        self.order_fields(("name", "time_zone", "currency"))


class MemberChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    def label_from_instance(self, obj: Membership) -> str:
        """What a line of the list says."""
        return f"{obj.user.display_name}, {obj.role}"


class TransferForm(forms.Form):
    """Who becomes the owner."""

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.candidates = members(organization).exclude(role=Role.OWNER)
        self.fields["member"] = MemberChoiceField(queryset=self.candidates, label="New owner")
