"""The form about levers. Bounds are typed in percent and kept as shares."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from apps.optimization.access import LABELS, LEVERS, PolicyTerms
from apps.optimization.selectors import LONGEST_TTL_S
from apps.optimization.services import LONGEST_DEADLINE_S, LONGEST_NAME, TRAFFIC_STEPS
from apps.portal.subjects import subject_choices
from apps.tenants.models import Organization
from apps.tenants.selectors import open_projects

LONGEST_TAG = 2 * LONGEST_NAME
# What stands for nothing said: above the organization stands nobody.
DEFAULT, AS_ABOVE = ("", "Default"), ("", "As above")
_STATES = (("off", "Off"), ("shadow", "Shadow: watch only"), ("on", "On"))
_TEMPERATURES = (("no", "No: temperature 0 only"), ("yes", "Yes, at any temperature"))
_SHARES = tuple((str(step), f"{step} %") for step in TRAFFIC_STEPS)
_CHOICES = dict.fromkeys(LEVERS, _STATES) | {
    "caches_any_temperature": _TEMPERATURES, "traffic_percent": _SHARES,
}  # fmt: skip
SECONDS_AN_HOUR = 3600
SECONDS_A_MINUTE = 60


class SubjectForm(forms.Form):
    """Whose levers to show."""

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["subject"] = forms.ChoiceField(
            label="Holds for", choices=subject_choices(organization), required=False
        )


class InvalidationForm(forms.Form):
    """Which kept answers are void."""

    tag = forms.CharField(
        label="Only those with the tag",
        max_length=LONGEST_TAG,
        required=False,
        help_text="name=value, as in the Netra-Tags of the calls. Empty: all of them.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["project"] = forms.ModelChoiceField(
            queryset=open_projects(organization),
            label="Answers of",
            required=False,
            empty_label="All projects",
        )
        self.order_fields(("project", "tag"))


class PolicyForm(forms.Form):
    """What one subject says."""

    quality_bound = forms.DecimalField(
        label="Share of answers that may be worse, in percent",
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=2,
        required=False,
        help_text="Of all requests. Nothing that can change answers serves before it is certified "
        "for it; until then and beside it a share of calls is compared: questions and answers are "
        "kept sealed until they were judged.",
    )
    cache_hours = forms.IntegerField(
        label="Keep answers for, in hours",
        min_value=1,
        max_value=LONGEST_TTL_S // SECONDS_AN_HOUR,
        required=False,
    )
    caches_any_temperature = forms.ChoiceField(label="Keep answers drawn at random", required=False)
    allowed_models = forms.CharField(
        label="Models that routing may choose",
        required=False,
        help_text="Separated by commas, like gpt-4.1-mini, gpt-4.1-nano. Empty: as above.",
    )
    judge_model = forms.CharField(
        label="Model that compares answers",
        max_length=LONGEST_NAME,
        required=False,
        help_text="Asked with your own credentials, like gpt-4.1-mini. Empty: ours, where we have "
        "one. none: no model, so that answers that are not the same count as different.",
    )
    traffic_percent = forms.ChoiceField(
        label="Share of conversations that levers may touch", required=False
    )
    deadline_minutes = forms.IntegerField(
        label="Calls can wait for, in minutes",
        min_value=1,
        max_value=LONGEST_DEADLINE_S // SECONDS_A_MINUTE,
        required=False,
        help_text="Those that do not say so themselves by Netra-Deadline. For Batch and flex.",
    )

    def __init__(self, *args: Any, is_whole: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        for lever in LEVERS:
            self.fields[lever] = forms.ChoiceField(label=LABELS[lever], required=False)
        self.order_fields(LEVERS)
        unsaid = DEFAULT if is_whole else AS_ABOVE
        for name, choices in _CHOICES.items():
            self.fields[name].choices = [unsaid, *choices]  # type: ignore[attr-defined]

    def terms(self) -> PolicyTerms:
        """What was typed."""
        typed = self.cleaned_data
        bound, hours = typed["quality_bound"], typed["cache_hours"]
        minutes = typed["deadline_minutes"]
        any_temperature, traffic = typed["caches_any_temperature"], typed["traffic_percent"]
        return PolicyTerms(
            levers={lever: typed[lever] for lever in LEVERS if typed[lever]},
            quality_bound=None if bound is None else bound / 100,
            cache_ttl_s=None if hours is None else hours * SECONDS_AN_HOUR,
            caches_any_temperature=any_temperature == "yes" if any_temperature else None,
            traffic_percent=int(traffic) if traffic else None,
            allowed_models=_names(typed["allowed_models"]),
            judge_model=typed["judge_model"] or None,
            deadline_s=None if minutes is None else minutes * SECONDS_A_MINUTE,
        )


def _names(typed: str) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in typed.split(",") if name.strip()) or None


def typed_as(terms: PolicyTerms) -> Mapping[str, Any]:
    """What a form about `terms` begins with."""
    drawn, ttl, wait = terms.caches_any_temperature, terms.cache_ttl_s, terms.deadline_s
    bound, traffic = terms.quality_bound, terms.traffic_percent
    return {
        "quality_bound": None if bound is None else bound * 100,
        "cache_hours": None if ttl is None else -(-ttl // SECONDS_AN_HOUR),
        "caches_any_temperature": "" if drawn is None else "yes" if drawn else "no",
        "allowed_models": ", ".join(terms.allowed_models or ()),
        "judge_model": terms.judge_model or "",
        "deadline_minutes": None if wait is None else -(-wait // SECONDS_A_MINUTE),
        "traffic_percent": "" if traffic is None else str(traffic),
        **terms.levers,
    }
