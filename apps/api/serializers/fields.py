"""Fields and bases that several serializers share."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

# No control characters anywhere, a visible character somewhere.
_HIDDEN = r"\u0000-\u001f\u007f-\u009f"
NAME_PATTERN = rf"^[^{_HIDDEN}]*[^\s{_HIDDEN}][^{_HIDDEN}]*$"


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
