"""Fields and bases that several serializers share."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

# No control characters, NUL or lone surrogates anywhere; a visible character somewhere.
_HIDDEN = r"\u0000-\u001f\u007f-\u009f\ud800-\udfff"
NAME_PATTERN = rf"^[^{_HIDDEN}]*[^\s{_HIDDEN}][^{_HIDDEN}]*$"


class Input(serializers.Serializer[Any]):
    """A request body; a field we do not know is refused, so that a typing error is not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(
                {name: ["This field does not exist."] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)


class NameField(serializers.CharField):
    """A name for people: 1 to 80 characters, one of them visible."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_length=1, max_length=80, trim_whitespace=False, **options)
        self.validators.append(
            RegexValidator(NAME_PATTERN, "Use visible characters only, at least one.")
        )
