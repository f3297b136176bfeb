"""Which usage to show; everything is in the address."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from apps.portal.forms.filters import FilterForm
from apps.portal.subjects import MOST_SUBJECTS
from apps.tenants.models import Organization
from apps.tenants.selectors import api_keys, projects

_LONGEST = 200
LONGEST_DAYS = 1100
EARLIEST = date(2020, 1, 1)
BREAKDOWNS: Mapping[str, str] = {
    "project": "Project", "key": "Key", "user": "End user", "tag": "Tag", "model": "Model",
    "day": "Day",
}  # fmt: skip
DIMENSIONS: Mapping[str, str] = {
    "project": "project_id", "key": "api_key_id", "user": "end_user", "tag": "tag",
    "model": "served_model",
}  # fmt: skip


class UsageForm(FilterForm):
    """A window of days of the organization, `until` its last one, and what narrows it."""

    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")
    project = forms.ChoiceField(required=False)
    key = forms.ChoiceField(required=False, label="API key")
    model = forms.CharField(required=False, max_length=_LONGEST)
    user = forms.CharField(required=False, max_length=_LONGEST, label="End user")
    tag = forms.CharField(
        required=False,
        max_length=_LONGEST,
        label="Tag",
        widget=forms.TextInput(attrs={"placeholder": "team, or team=search"}),
    )
    by = forms.ChoiceField(
        required=False, choices=list(BREAKDOWNS.items()), widget=forms.HiddenInput
    )

    def __init__(self, data: Mapping[str, str], *, organization: Organization, now: datetime):
        self.zone = ZoneInfo(organization.time_zone)
        self._today = now.astimezone(self.zone).date()
        super().__init__(self._filled(data), label_suffix="")
        names = [(str(row.pk), row.name) for row in projects(organization)[:MOST_SUBJECTS]]
        keys = [
            (str(row.pk), f"{row.name} {row.hint}")
            for row in api_keys(organization)[:MOST_SUBJECTS]
        ]
        self.offer("project", names)
        self.offer("key", keys)
        self.fields["model"].widget.attrs["list"] = "models"
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})

    def _filled(self, data: Mapping[str, str]) -> dict[str, str]:
        """This month until today, where no days are named; else the month of the last one."""
        given = {name: value for name, value in data.items() if value}
        until = _date(given.get("until", "")) or self._today
        return {"since": f"{until.replace(day=1)}", "until": f"{until}"} | given

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be answered."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        if given["since"] > given["until"]:
            self.add_error("since", "Begin on or before the last day.")
        elif (given["until"] - given["since"]).days >= LONGEST_DAYS:
            self.add_error("since", f"Ask for at most {LONGEST_DAYS} days.")
        elif given["since"] < EARLIEST:
            self.add_error("since", f"Begin on {EARLIEST:%-d %B %Y} at the earliest.")
        return given

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Half-open, of midnights of the organization."""
        last = self.cleaned_data["until"] + timedelta(days=1)
        return self._midnight(self.cleaned_data["since"]), self._midnight(last)

    @property
    def apart_by(self) -> str:
        """What the usage is told apart by."""
        return self.cleaned_data["by"] or "project"

    @property
    def tag_name(self) -> str:
        """The name of the tag that is asked about; "" for none."""
        return str(self.cleaned_data["tag"]).partition("=")[0].strip()

    @property
    def filters(self) -> dict[str, Sequence[str]]:
        """Dimension of usage → its value, where one is named."""
        given = self.cleaned_data
        _, is_valued, value = given["tag"].partition("=")
        named = {name: given[name] for name in ("project", "key", "user", "model")}
        named["tag"] = value.strip() if is_valued else ""
        return {DIMENSIONS[name]: (value,) for name, value in named.items() if value}

    @property
    def ranges(self) -> list[tuple[str, date, date]]:
        """Windows that are often wanted: label, first and last day."""
        today = self._today
        month = today.replace(day=1)
        before = month - timedelta(days=1)
        spans = ((f"Last {days} days", today - timedelta(days=days - 1)) for days in (7, 30, 90))
        return [
            ("This month", month, today),
            ("Last month", before.replace(day=1), before),
            *((label, since, today) for label, since in spans),
        ]

    def assume_tag(self, names: Sequence[str]) -> None:
        """Ask about the first of `names` where calls are told apart by a tag that is not named."""
        if self.apart_by == "tag" and not self.tag_name and names:
            self.cleaned_data["tag"] = names[0]

    def _midnight(self, day: date) -> datetime:
        return timezone.make_aware(datetime(day.year, day.month, day.day), self.zone)  # noqa: DTZ001  (made aware here)


def _date(text: str) -> date | None:
    """What is no date is told by its field."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
