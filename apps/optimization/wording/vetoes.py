"""What forbids to answer one question with another's answer, however near the two are."""

from collections import Counter
from itertools import pairwise

from apps.optimization.wording import words
from apps.optimization.wording.normalizing import tokenized

_HOW_WHAT = frozenset({"much", "many", "long", "often", "far", "old", "big", "soon", "late"})
_OPPOSITE = {pair: n for n, two in enumerate(words.OPPOSITES) for pair in (two, two[::-1])}


def veto(asked: str, cached: str) -> str | None:
    """The first reason that speaks against it: number, negation, question, opposite or entity."""
    first, second = tokenized(asked), tokenized(cached)
    one, two = [t.lower() for t in first], [t.lower() for t in second]
    if _numbers(one) != _numbers(two):
        return "number"
    if _negations(one) != _negations(two):
        return "negation"
    if _question(one) != _question(two):
        return "question"
    if _is_turned_round(set(one), set(two)):
        return "opposite"
    return "entity" if _entities(first, two) or _entities(second, one) else None


def _numbers(tokens: list[str]) -> Counter[str]:
    """Digits, number words, units' symbols and single letters."""
    found = (words.NUMBERS.get(token, token) for token in tokens)
    return Counter(t for t in found if not t.isalpha() or (len(t) == 1 and t not in "ai"))


def _negations(tokens: list[str]) -> int:
    return sum(token in words.NEGATIONS for token in tokens) % 2


def _question(tokens: list[str]) -> str:
    """The kind of the first question word; "" for what has none."""
    for word, after in pairwise([*tokens, ""]):
        if word in words.QUESTIONS:
            if word == "how" and after in _HOW_WHAT:
                return f"how {after}"
            return "what" if word in ("what", "which", "how") else word
    return ""


def _is_turned_round(one: set[str], two: set[str]) -> bool:
    return any((a, b) in _OPPOSITE for a in one - two for b in two - one)


def _entities(tokens: list[str], others: list[str]) -> list[str]:
    """Names and acronyms, capital within the sentence, that the other text does not hold."""
    held = set(others)
    return [t for t in tokens[1:] if t[:1].isupper() and t != "I" and t.lower() not in held]
