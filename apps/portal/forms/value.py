"""Which days and whose calls the page of value is about; everything is in the address."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from apps.attribution.valuing import USUAL_DAYS, ValueQuery, usual_days
from apps.portal.forms.filters import FilterForm, key_choices
from apps.tenants.models import Organization, Project
from apps.tenants.selectors import projects

_LONGEST, MOST_CHOICES = 200, 500
_NO = "no"
_COMPARISONS = [("previous", "Period before"), (_NO, "Nothing")]
_DAY = timedelta(days=1)


class ValueForm(FilterForm):
    """The names are those of the API. Days are the organization's; `until` is the last one."""

    more = frozenset({"requested_model", "end_user", "tag_name", "tag"})
    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")
    compare = forms.ChoiceField(required=False, choices=_COMPARISONS, label="Compare with")
    project_id = forms.TypedChoiceField(
        required=False, label="Project", coerce=UUID, empty_value=None
    )
    api_key_id = forms.TypedChoiceField(
        required=False, label="API key", coerce=UUID, empty_value=None
    )
    requested_model = forms.CharField(required=False, max_length=_LONGEST, label="Model asked for")
    end_user = forms.CharField(required=False, max_length=_LONGEST, label="End user")
    tag_name = forms.CharField(required=False, max_length=60, label="Tag")
    tag = forms.CharField(required=False, max_length=_LONGEST, label="Value of the tag")

    def __init__(self, data: QueryDict, *, organization: Organization, today: date) -> None:
        super().__init__(_with_days(data, today), label_suffix="")
        self.zone = ZoneInfo(organization.time_zone)
        self.today = today
        self.offer("project_id", [(str(row.pk), _named(row)) for row in _projects(organization)])
        self.offer("api_key_id", key_choices(organization))
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
        self.fields["requested_model"].widget.attrs["list"] = "models"

    def clean(self) -> dict[str, Any]:
        """Days in order, a tag with its value; without a first or last day, the usual ones."""
        given = super().clean() or {}
        first, last = usual_days(given.get("since"), given.get("until"), today=self.today)
        given |= {"since": first, "until": last}
        if last < first:
            self.add_error("until", "The last day is before the first.")
        if bool(given.get("tag_name")) != bool(given.get("tag")):
            self.add_error("tag_name", "Name a tag and its value, or neither.")
        return given

    def wanted(self) -> ValueQuery:
        """What the valid form asks for. Raises InvalidQuery."""
        given = dict(self.cleaned_data)
        first, last = given.pop("since"), given.pop("until")
        compares = given.pop("compare") != _NO
        named: dict[str, Any] = {name: value or None for name, value in given.items()}
        return ValueQuery(first, last, self.zone, compares=compares, **named)


def ranges(today: date) -> Iterator[tuple[str, date, date]]:
    """Windows that are asked for most: a name, the first and the last day."""
    month = today.replace(day=1)
    for days in (7, USUAL_DAYS, 90):
        yield f"{days} days", today - (days - 1) * _DAY, today
    yield "This month", month, today
    yield "Last month", (month - _DAY).replace(day=1), month - _DAY


def _projects(organization: Organization) -> Iterable[Project]:
    return projects(organization)[:MOST_CHOICES]


def _named(project: Project) -> str:
    return f"{project.name} (archived)" if project.archived_at else project.name


def _with_days(data: QueryDict, today: date) -> Mapping[str, str]:
    """The usual days where none are named, so that the fields show them."""
    named = {name: data.get(name, "") for name in data}
    if not (named.get("since") or named.get("until")):
        first, last = usual_days(None, None, today=today)
        named |= {"since": first.isoformat(), "until": last.isoformat()}
    return named
