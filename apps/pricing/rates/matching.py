"""Which model of a catalogue a caller means: exact names first, then the catalogue's rules."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rule = Callable[[str], bool]
LONGEST_NAME = 256
_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class InvalidRule(ValueError):
    """A rule that is none of those below."""


def compiled(rule: Mapping[str, Any]) -> Rule:
    """A predicate on lower-case names from one of {"equals", "starts_with", "ends_with",
    "contains", "regex": text} or {"or", "and": rules}. Raises InvalidRule.

    Source of the forms: genai-prices' match clauses.
    """
    [(kind, value)] = rule.items()
    if kind in ("or", "and"):
        return _joined(any if kind == "or" else all, [compiled(part) for part in value])
    if kind == "regex":
        return _searching(re.compile(value))
    if kind not in _TEXT_RULES:
        raise InvalidRule(f"{kind} is none of {', '.join(_TEXT_RULES)}, regex, or, and.")
    return _TEXT_RULES[kind](value.lower())


class ModelIndex:
    """The models of one provider by name; rules are compiled at the first name they must judge."""

    __slots__ = ("_by_name", "_models", "_rules")

    def __init__(self, models: Sequence[Mapping[str, Any]]) -> None:
        self._models = models
        self._by_name: dict[str, Mapping[str, Any]] = {}
        self._rules: list[tuple[Rule, Mapping[str, Any]]] | None = None
        for model in models:
            self._by_name[model["id"].lower()] = model
        for model in models:
            for name in model.get("names", ()):
                self._by_name.setdefault(name.lower(), model)

    def find(self, name: str) -> Mapping[str, Any] | None:
        """The model called `name`, in any case; a compact date is also read with dashes."""
        if len(name) > LONGEST_NAME:
            return None
        name = name.lower()
        return self._find(name) or self._find(_COMPACT_DATE.sub(r"-\1-\2-\3", name))

    def _find(self, name: str) -> Mapping[str, Any] | None:
        if exact := self._by_name.get(name):
            return exact
        if self._rules is None:
            self._rules = [(compiled(m["match"]), m) for m in self._models if "match" in m]
        return next((model for rule, model in self._rules if rule(name)), None)


def _joined(join: Callable[[list[bool]], bool], rules: Sequence[Rule]) -> Rule:
    return lambda name: join([rule(name) for rule in rules])


def _searching(pattern: re.Pattern[str]) -> Rule:
    return lambda name: pattern.search(name) is not None


_TEXT_RULES: dict[str, Callable[[str], Rule]] = {
    "equals": lambda text: lambda name: name == text,
    "starts_with": lambda text: lambda name: name.startswith(text),
    "ends_with": lambda text: lambda name: name.endswith(text),
    "contains": lambda text: lambda name: text in name,
}
