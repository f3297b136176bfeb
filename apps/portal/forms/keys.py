"""Forms about API keys."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.tenants.actors import Actor
from apps.tenants.models import Project
from apps.tenants.permissions import DEFAULT_KEY_SCOPES, KEY_SCOPES, Permission
from apps.tenants.selectors import open_projects

LIFETIME_DAYS = [
    ("", "Never"),
    ("7", "In 7 days"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
]
OVERLAP_HOURS = [
    ("0", "At once"),
    ("1", "In 1 hour"),
    ("24", "In 24 hours"),
    ("168", "In 7 days"),
    ("720", "In 30 days"),
]
SCOPE_LABELS: dict[Permission, str] = {
    Permission.GATEWAY_CALL: "Call models through the gateway",
    Permission.ORGANIZATION_READ: "Read the organization",
    Permission.ORGANIZATION_UPDATE: "Change the organization's settings",
    Permission.MEMBERS_READ: "Read members",
    Permission.MEMBERS_INVITE: "Invite members",
    Permission.MEMBERS_UPDATE: "Change roles of members",
    Permission.MEMBERS_REMOVE: "Remove members",
    Permission.PROJECTS_READ: "Read projects",
    Permission.PROJECTS_WRITE: "Create, rename and archive projects",
    Permission.KEYS_READ: "Read API keys (never their text)",
    Permission.KEYS_WRITE: "Create, rotate and revoke API keys",
    Permission.CREDENTIALS_READ: "Read provider credentials (never their text)",
    Permission.USAGE_READ: "Read requests and what they cost",
    Permission.USAGE_IMPORT: "Import logs of calls",
    Permission.CREDENTIALS_WRITE: "Add, replace and delete provider credentials",
    Permission.CONTENT_WRITE: "Decide which projects keep prompts and answers",
    Permission.ROUTES_READ: "Read routes",
    Permission.ROUTES_WRITE: "Add, change and delete routes",
    Permission.LIMITS_READ: "Read limits and budgets",
    Permission.LIMITS_WRITE: "Add, change and delete limits and budgets",
    Permission.NOTICES_READ: "Read notices",
    Permission.WEBHOOKS_READ: "Read webhooks (never their secrets) and what was sent",
    Permission.WEBHOOKS_WRITE: "Add, change and delete webhooks, and send again",
}


class OnceForm(forms.Form):
    """A form whose sending again, by reloading the answer, is recognised by `attempt`."""

    attempt = forms.CharField(
        widget=forms.HiddenInput, max_length=32, initial=lambda: secrets.token_urlsafe(16)
    )


class KeyNameForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="Where the key is used, for example “checkout, production”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class KeyForm(KeyNameForm, OnceForm):
    """A new key. A person can only pass on what they may do themselves."""

    kind = forms.ChoiceField(
        label="Kind",
        choices=[("live", "Live"), ("test", "Test")],
        help_text="A test key says so in its prefix, so that it is never taken for a live one.",
    )
    lifetime = forms.ChoiceField(label="Expires", choices=LIFETIME_DAYS, required=False)
    field_order = ("attempt", "name", "project", "kind", "lifetime", "scopes")

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["project"] = forms.ModelChoiceField(
            queryset=open_projects(actor.organization), label="Project", empty_label=None
        )
        self.fields["scopes"] = forms.TypedMultipleChoiceField(
            label="Scopes",
            coerce=Permission,
            choices=_scope_choices(actor),
            initial=list(DEFAULT_KEY_SCOPES),
            widget=forms.CheckboxSelectMultiple,
            help_text="What the key may do. Take as little as it needs.",
            error_messages={"required": "Choose at least one scope."},
        )
        self.order_fields(self.field_order)

    def expires_at(self, *, at: datetime) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return at + timedelta(days=int(days)) if days else None


class RotateForm(OnceForm):
    overlap_hours = forms.TypedChoiceField(
        label="The old key stops working",
        choices=OVERLAP_HOURS,
        coerce=int,
        initial="24",
        help_text="Time to put the new key in place everywhere.",
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["overlap_hours"])


class ProjectFilterForm(forms.Form):
    """Which project's keys to list; "" for all."""

    def __init__(self, *args: Any, projects: QuerySet[Project], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["project"] = forms.ModelChoiceField(
            queryset=projects, label="Project", required=False, empty_label="All projects"
        )


def _scope_choices(actor: Actor) -> list[tuple[str, str]]:
    return [
        (scope.value, f"{label} ({scope.value})")
        for scope, label in SCOPE_LABELS.items()
        if scope in KEY_SCOPES & actor.permissions
    ]
