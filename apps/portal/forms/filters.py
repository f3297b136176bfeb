"""What forms of filters have in common: choices that may be left open, and fields behind a fold."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from django import forms

from apps.tenants.models import Organization
from apps.tenants.selectors import api_keys
from apps.usage.querying import InvalidQuery

ANY = ("", "Any")
MOST_KEYS = 500


class FilterForm(forms.Form):
    """`more` names the fields that stand behind "More filters"."""

    more: ClassVar[frozenset[str]] = frozenset()

    @property
    def shown_first(self) -> Iterator[forms.BoundField]:
        return (field for field in self if field.name not in self.more)

    @property
    def shown_behind(self) -> Iterator[forms.BoundField]:
        return (field for field in self if field.name in self.more)

    @property
    def has_more(self) -> bool:
        """Whether something is asked for behind the fold."""
        return any(self.data.get(name) for name in self.more)

    def demand(self) -> None:
        """For files, which cannot show a form. Raises InvalidQuery, which names the fields."""
        if not self.is_valid():
            raise InvalidQuery(" ".join(self._objections()))

    def _objections(self) -> Iterator[str]:
        for name, found in self.errors.items():
            field = f"{self[name].label}: " if name in self.fields else ""
            yield from (f"{field}{text}" for text in found)

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """Let one of `choices` be taken in the field, or any."""
        self.fields[name].choices = [ANY, *choices]  # type: ignore[attr-defined]


def key_choices(organization: Organization) -> list[tuple[str, str]]:
    """API keys with the names of their projects."""
    keys = api_keys(organization)[:MOST_KEYS]
    return [(str(row.pk), f"{row.project.name}: {row.name}") for row in keys]
