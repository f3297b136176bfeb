"""Which requests of the log to show; everything is in the address."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from apps.kernel.events import OUTCOMES
from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects
from apps.usage.selectors import EventFilter

_ANY = ("", "Any")
_LONGEST = 200
_OUTCOMES = [_ANY, *((outcome, outcome.capitalize()) for outcome in OUTCOMES)]
_PRICES = [_ANY, ("yes", "With a price"), ("no", "Without a price")]


class RequestsForm(forms.Form):
    """A search of the request log. Days are those of the organization, `until` its last one."""

    text = forms.CharField(required=False, max_length=_LONGEST, label="Search")
    project = forms.ChoiceField(required=False)
    model = forms.CharField(required=False, max_length=_LONGEST)
    outcome = forms.ChoiceField(required=False, choices=_OUTCOMES)
    price = forms.ChoiceField(required=False, choices=_PRICES)
    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")

    def __init__(self, data: Mapping[str, str], *, organization: Organization) -> None:
        super().__init__(data, label_suffix="")
        self.zone = ZoneInfo(organization.time_zone)
        names = [(str(row.pk), row.name) for row in open_projects(organization)]
        self.fields["project"].choices = [_ANY, *names]  # type: ignore[attr-defined]
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
        self.fields["text"].widget.attrs |= {
            "type": "search", "data-search": "", "placeholder": "Id, end user, tag, error …",
        }  # fmt: skip

    def wanted(self) -> EventFilter:
        """What the valid form asks for: calls that the gateway carried, not imported ones."""
        given = self.cleaned_data
        until = given["until"] and given["until"] + timedelta(days=1)
        return EventFilter(
            text=given["text"] or None,
            project_id=given["project"] or None,
            model=given["model"] or None,
            outcome=given["outcome"] or None,
            is_priced=(given["price"] == "yes") if given["price"] else None,
            since=self._midnight(given["since"]),
            until=self._midnight(until),
            is_imported=False,
        )

    def _midnight(self, day: Any) -> datetime | None:
        if not day:
            return None
        return timezone.make_aware(datetime(day.year, day.month, day.day), self.zone)  # noqa: DTZ001  (made aware here)
