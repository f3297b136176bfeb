"""Fields and bases that several serializers share."""

from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.core.validators import RegexValidator
from rest_framework import serializers

# No control characters anywhere, a visible character somewhere.
_HIDDEN = r"\u0000-\u001f\u007f-\u009f"
NAME_PATTERN = rf"^[^{_HIDDEN}]*[^\s{_HIDDEN}][^{_HIDDEN}]*$"


# So many choices are named where none was chosen.
MOST_NAMED = 40

# What JSON must hold for a field; the framework itself would take 1 for "1" and "yes" for true.
JSON_TYPES: tuple[
    tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...
] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int, float), "a whole number"),
    (serializers.CharField, (str,), "a string"),
    (serializers.UUIDField, (str,), "a string"),
    (serializers.DateTimeField, (str,), "a string"),
    (serializers.ChoiceField, (str,), "a string"),
)


class Input(serializers.Serializer[Any]):
    """A request body: fields we do not know and values of another JSON type are refused."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (errors := self._strange(data)):
            raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def _strange(self, data: dict[str, Any]) -> dict[str, list[str]]:
        unknown = {name: ["This field does not exist."] for name in set(data) - set(self.fields)}
        mistyped = {
            name: [f"Send {wanted} as JSON."]
            for name, field in self.fields.items()
            if name in data and (wanted := _wanted_instead(field, data[name]))
        }
        return unknown | mistyped


class Query(serializers.Serializer[Any]):
    """A query string: names we do not know are refused, for what narrows nothing looks like an
    answer. beside: names that are read elsewhere.
    """

    beside: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        known = sorted({*self.fields, *self.beside})
        if strange := set(data) - set(known):
            refusal = f"There is no such parameter. There are: {', '.join(known)}."
            raise serializers.ValidationError({name: [refusal] for name in sorted(strange)})
        return super().to_internal_value(data)


class PageQuery(Query):
    """Of a list that nothing narrows."""

    beside = frozenset({"cursor", "limit"})


class Choice(serializers.ChoiceField):
    """Says what may be chosen, where that is not too much."""

    default_error_messages = {"none_of": '"{input}" is none of: {choices}.'}

    def fail(self, key: str, **known: Any) -> NoReturn:
        """Raises ValidationError."""
        if key == "invalid_choice" and len(self.choices) <= MOST_NAMED:
            super().fail("none_of", choices=", ".join(map(str, self.choices)), **known)
        super().fail(key, **known)


class Instant(serializers.DateTimeField):
    """A time that says its offset: whose midnight is meant is not guessed."""

    default_error_messages = {
        "invalid": "Write it like 2026-11-30T14:00:00Z or 2026-11-30T15:00:00+01:00; in an address"
        " + is %2B.",
        "naive": "Add the offset from UTC: Z, or as +01:00; in an address + is %2B.",
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        """Aware, or refused. Raises ValidationError."""
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


def _wanted_instead(field: serializers.Field[Any, Any, Any, Any], value: Any) -> str | None:
    for kind, json_types, wanted in JSON_TYPES:
        if isinstance(field, kind) and value is not None and type(value) not in json_types:
            return wanted
    return None


class NameField(serializers.CharField):
    """A name for people: 1 to 80 characters, one of them visible."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_length=1, max_length=80, trim_whitespace=False, **options)
        self.validators.append(
            RegexValidator(NAME_PATTERN, "Use visible characters only, at least one.")
        )
