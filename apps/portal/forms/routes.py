"""Forms about routes. A route is shown with a few slots for targets; empty ones do not count."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundField

from apps.tenants.access import Target
from apps.tenants.models import Organization, Strategy
from apps.tenants.models.route import LONGEST_MS, LOWEST_PRIORITY, MOST_RETRIES, MOST_WEIGHT
from apps.tenants.selectors import credentials, open_projects
from apps.tenants.services.credentials import PROVIDERS
from apps.tenants.services.routes import MOST_TARGETS, RouteTerms

FEWEST_SLOTS = 4
PARTS = ("place", "model", "priority", "weight")


class RouteForm(forms.Form):
    """What a route says, in seconds; times that it does not show stay as they are."""

    pattern = forms.CharField(
        label="Models",
        max_length=200,
        help_text="A model's name, or a pattern: gpt-* holds for every name that begins so.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    strategy = forms.ChoiceField(
        label="Among targets of one rank",
        choices=Strategy.choices,
        initial=Strategy.PRIORITY,
        help_text="Weighted shares calls by weight; least latency prefers the fastest of late.",
    )
    max_retries = forms.IntegerField(
        label="Retries", min_value=0, max_value=MOST_RETRIES, help_text="Over all targets together."
    )
    total_seconds = forms.IntegerField(
        label="Longest time of a call, in seconds", min_value=1, max_value=LONGEST_MS // 1000
    )

    def __init__(
        self, typed: Mapping[str, Any] | None, *, organization: Organization, terms: RouteTerms
    ) -> None:
        super().__init__(typed, initial=_initial(terms))
        self._terms = terms
        self._slots = min(max(FEWEST_SLOTS, len(terms.targets) + 1), MOST_TARGETS)
        self.fields["project"] = forms.ModelChoiceField(
            queryset=open_projects(organization),
            label="Project",
            required=False,
            empty_label="The whole organization",
        )
        places = _places(organization)
        for number in range(self._slots):
            self.fields |= _slot_fields(number, places)
        self.order_fields(("pattern", "project", "strategy"))

    def general(self) -> Iterator[BoundField]:
        """The fields that are of the route as a whole."""
        return (self[name] for name in self.fields if not name.startswith("target"))

    def slots(self) -> Iterator[list[BoundField]]:
        """The fields of each target."""
        for number in range(self._slots):
            yield [self[f"target{number}_{part}"] for part in PARTS]

    def terms(self) -> RouteTerms:
        """What was typed."""
        typed = self.cleaned_data
        return RouteTerms(
            pattern=typed["pattern"],
            targets=tuple(self._targets()),
            project_id=typed["project"].pk if typed["project"] else None,
            strategy=typed["strategy"],
            max_retries=typed["max_retries"],
            total_ms=typed["total_seconds"] * 1000,
            connect_ms=self._terms.connect_ms,
            first_byte_ms=self._terms.first_byte_ms,
            idle_ms=self._terms.idle_ms,
        )

    def _targets(self) -> Iterator[Target]:
        for number in range(self._slots):
            place, model, priority, weight = (
                self.cleaned_data[f"target{number}_{part}"] for part in PARTS
            )
            provider, _, credential_id = place.partition(":")
            if provider:
                yield Target(
                    provider=provider,
                    credential_id=UUID(credential_id) if credential_id else None,
                    model=model or None,
                    priority=int(priority),
                    weight=weight or 1,
                )


def _initial(terms: RouteTerms) -> dict[str, Any]:
    values: dict[str, Any] = {
        "pattern": terms.pattern,
        "project": terms.project_id,
        "strategy": terms.strategy,
        "max_retries": terms.max_retries,
        "total_seconds": terms.total_ms // 1000,
    }
    for number, target in enumerate(terms.targets):
        place = f"{target.provider}:{target.credential_id or ''}"
        values |= {
            f"target{number}_place": place,
            f"target{number}_model": target.model,
            f"target{number}_priority": target.priority,
            f"target{number}_weight": target.weight,
        }
    return values


def _places(organization: Organization) -> list[tuple[str, str]]:
    own = [
        (f"{row.provider}:{row.pk}", f"{PROVIDERS.get(row.provider, row.provider)}: {row.name}")
        for row in credentials(organization)
    ]
    anywhere = [(f"{code}:", f"Any credential of {label}") for code, label in PROVIDERS.items()]
    return [("", "Nowhere"), *own, *anywhere]


def _slot_fields(number: int, places: list[tuple[str, str]]) -> dict[str, forms.Field]:
    fallbacks = [(str(rank), f"Fallback {rank}") for rank in range(1, LOWEST_PRIORITY + 1)]
    fields = {
        "place": forms.ChoiceField(label="Goes to", choices=places, required=number == 0),
        "model": forms.CharField(
            label="As the model",
            max_length=200,
            required=False,
            help_text="Empty is the model that was asked for.",
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        ),
        "priority": forms.ChoiceField(
            label="Rank", choices=[("0", "First choice"), *fallbacks], initial=str(number)
        ),
        "weight": forms.IntegerField(
            label="Weight", min_value=1, max_value=MOST_WEIGHT, initial=1, required=False
        ),
    }
    return {f"target{number}_{part}": field for part, field in fields.items()}
