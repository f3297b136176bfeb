"""Which requests of the log to show; everything is in the address."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from apps.attribution.assignment import HOLDOUT, TREATMENT
from apps.kernel.events import OUTCOMES
from apps.optimization.access import LABELS
from apps.portal.forms.filters import ANY, FilterForm, key_choices
from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects
from apps.usage.selectors import EventFilter

_LONGEST = 200
_OUTCOMES = [ANY, *((outcome, outcome.capitalize()) for outcome in OUTCOMES)]
_LEVERS = [ANY, *LABELS.items()]
_ARMS = [ANY, (HOLDOUT, "Held out"), (TREATMENT, "With levers")]
_OURS, _THEIRS = "overhead", "customers"
_KINDS = [ANY, (_THEIRS, "Your own"), (_OURS, "Comparing answers")]
_PRICES = [ANY, ("yes", "With a price"), ("no", "Without a price")]


class RequestsForm(FilterForm):
    """A search of the request log. Days are those of the organization, `until` its last one."""

    more = frozenset({"key", "end_user", "tag_name", "tag", "lever", "arm", "kind"})
    text = forms.CharField(required=False, max_length=_LONGEST, label="Search")
    project = forms.ChoiceField(required=False)
    model = forms.CharField(required=False, max_length=_LONGEST)
    outcome = forms.ChoiceField(required=False, choices=_OUTCOMES)
    price = forms.ChoiceField(required=False, choices=_PRICES)
    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")
    key = forms.ChoiceField(required=False, label="API key")
    end_user = forms.CharField(required=False, max_length=_LONGEST, label="End user")
    tag_name = forms.CharField(required=False, max_length=_LONGEST, label="Tag")
    tag = forms.CharField(required=False, max_length=_LONGEST, label="Value of the tag")
    lever = forms.ChoiceField(required=False, label="Lever that acted", choices=_LEVERS)
    arm = forms.ChoiceField(required=False, label="In the experiment", choices=_ARMS)
    kind = forms.ChoiceField(required=False, label="Whose requests", choices=_KINDS)

    def __init__(self, data: Mapping[str, str], *, organization: Organization) -> None:
        super().__init__(data, label_suffix="")
        self.zone = ZoneInfo(organization.time_zone)
        names = [(str(row.pk), row.name) for row in open_projects(organization)]
        self.offer("project", names)
        self.offer("key", key_choices(organization))
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
        self.fields["model"].widget.attrs["list"] = "models"
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
            api_key_id=given["key"] or None,
            end_user=given["end_user"] or None,
            tag=given["tag_name"] or None,
            tag_value=given["tag"] or None,
            lever=given["lever"] or None,
            arm=given["arm"] or None,
            is_overhead=(given["kind"] == _OURS) if given["kind"] else None,
        )

    def _midnight(self, day: Any) -> datetime | None:
        if not day:
            return None
        return timezone.make_aware(datetime(day.year, day.month, day.day), self.zone)  # noqa: DTZ001  (made aware here)
