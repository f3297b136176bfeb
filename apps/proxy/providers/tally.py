"""The mutable side of a Reading, and the careful reading of numbers and names from foreign JSON."""

from dataclasses import dataclass, field
from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading

# What foreign data may raise in code that means to read it; watching never breaks a relay.
FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_MOST = 2**53


@dataclass(slots=True)
class Tally:
    """Gathers a Reading while an answer passes."""

    usage: TokenBuckets | None = None
    units: dict[str, int] = field(default_factory=dict)
    served_model: str | None = None
    service_tier: str | None = None
    provider_request_id: str | None = None
    response_id: str | None = None
    finish_reasons: dict[int, str] = field(default_factory=dict)
    is_complete: bool = False
    is_error: bool = False
    error_code: str | None = None
    output_bytes: int = 0
    fault_count: int = 0

    def fail(self, code: Any) -> None:
        """The answer says that it failed. `code` may be anything."""
        self.is_error = True
        self.error_code = self.error_code or name_of(code)

    def name_answer(self, model: Any, response_id: Any) -> None:
        """Keep the first model and id that are given."""
        self.served_model = self.served_model or name_of(model)
        self.response_id = self.response_id or name_of(response_id)

    def finish(self, index: Any, reason: Any) -> None:
        """Choice `index` ended because of `reason`; anything but a text is no end."""
        if isinstance(reason, str) and reason:
            self.finish_reasons[count(index)] = reason

    def see_text(self, *texts: Any) -> None:
        """Add what the client can see."""
        for text in texts:
            if isinstance(text, str):
                self.output_bytes += byte_length(text)

    def reading(self) -> Reading:
        """What is known by now."""
        return Reading(
            usage=self.usage,
            units=dict(self.units),
            served_model=self.served_model,
            service_tier=self.service_tier,
            provider_request_id=self.provider_request_id,
            response_id=self.response_id,
            finish_reasons=tuple(reason for _, reason in sorted(self.finish_reasons.items())),
            is_complete=self.is_complete,
            is_error=self.is_error,
            error_code=self.error_code,
            output_bytes=self.output_bytes,
            fault_count=self.fault_count,
        )


def count(value: Any) -> int:
    """A whole number >= 0, whatever a provider wrote: 12, 12.0; anything else is 0."""
    if type(value) is not int and type(value) is not float:
        return 0
    return int(value) if 0 < value < _MOST else 0


def name_of(value: Any) -> str | None:
    """A short name, or None: numbers are written out, other things are no names."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value[:200] if isinstance(value, str) and value else None


def table_of(value: Any) -> dict[str, Any]:
    """`value` when it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows_of(value: Any) -> list[dict[str, Any]]:
    """The objects in a list of JSON; nothing when it is none."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def byte_length(text: str) -> int:
    """The UTF-8 length of `text`."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def shares(total: int, *parts: int) -> list[int]:
    """Make parts that are counted inside `total` disjoint: [rest, *parts], summing to `total`.

    Parts are taken in order and never more than what is left, since providers' own sums do not
    always agree (a cached audio token may be in two parts).
    """
    found, left = [], total
    for part in parts:
        taken = 0 if part < 0 else part if part < left else left
        left -= taken
        found.append(taken)
    return [left, *found]
