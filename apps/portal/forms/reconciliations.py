"""The form that takes a provider's cost export."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from apps.usage.services.statements import GENERIC, StatementFile
from apps.usage.statements import MOST_BYTES, Columns

SOURCES = (
    ("openai", "OpenAI: Usage, Export, costs"),
    ("anthropic", "Anthropic: Cost, Export"),
    (GENERIC, "Any other CSV, by the names of its columns"),
)
_OFF = {"autocomplete": "off"}


def _column(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=100,
        required=False,
        help_text=help_text,
        widget=forms.TextInput(attrs=_OFF),
    )


class StatementForm(forms.Form):
    """A file, whose it is, and of which month."""

    provider = forms.CharField(
        label="Provider",
        max_length=60,
        help_text="As your requests name it, for example openai.",
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9_.-]*$", "Use the name that requests have.")],
        widget=forms.TextInput(attrs=_OFF),
    )
    month = forms.CharField(
        label="Month",
        help_text="In UTC, as 2026-03.",
        validators=[RegexValidator(r"^20\d\d-(0[1-9]|1[0-2])$", "Write the month as 2026-03.")],
        widget=forms.TextInput(attrs=_OFF | {"inputmode": "numeric"}),
    )
    source = forms.ChoiceField(label="Kind of file", choices=SOURCES)
    file = forms.FileField(
        label="CSV", help_text="The costs of the month. It takes the place of an earlier one."
    )
    day = _column("Column of the date", "Only for any other CSV.")
    amount = _column("Column of the amount in USD", "Only for any other CSV.")
    model = _column("Column of the model", "Only for any other CSV, where it has one.")

    def clean_file(self) -> Any:
        """Small enough to be read at once."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"Send at most {MOST_BYTES // 1024**2} MiB.")
        return file

    def clean(self) -> dict[str, Any]:
        """Columns are named where the source does not know them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("source") == GENERIC:
            for name in ("day", "amount"):
                if not cleaned.get(name):
                    self.add_error(name, "Name the column.")
        return cleaned

    def first_day(self) -> date:
        """Of the month."""
        return date.fromisoformat(f"{self.cleaned_data['month']}-01")

    def statement(self) -> StatementFile:
        """The file as the service takes it."""
        given = self.cleaned_data
        columns = Columns(given["day"], given["amount"], given["model"] or None)
        name = str(given["file"].name)[:200]
        return StatementFile(name, given["file"].read(), given["source"], columns)
