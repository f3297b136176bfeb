"""The near-exact key of a text: two texts with the same key ask the same in other clothes."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from apps.optimization.wording import words

# Numbers with their separators, words with apostrophes, and each symbol that may matter.
_TOKENS = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[^\s\w.,:;!?'\"()\[\]-]|_")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})
# "For my order, how do I …?" asks "How do I … for my order?"
_CLAUSE_BEFORE = re.compile(r"((?:for|on|at|in|to|with|from)\s[^,;:?.!]+),\s+([^?.!]+)[?.!]*", re.I)
_SHORTEST_PLURAL = 4


def near_key(text: str) -> tuple[str, ...]:
    """Ordered stems of what carries the answer: negations, numbers, symbols, single letters too.

    Equal keys: near-exact. Empty when nothing is left, and then it must not be used.
    """
    moved = _CLAUSE_BEFORE.fullmatch(text.strip())
    tokens = tokenized(f"{moved[2]} {moved[1]}" if moved else text)
    shouts = text.upper() == text
    plain = _without_openings([token.lower() for token in tokens])
    raw = tokens[len(tokens) - len(plain) :]
    return tuple(
        _stem(word, each)
        for n, (word, each) in enumerate(zip(plain, raw, strict=True))
        if _is_kept(plain, n, is_acronym=_is_acronym(each) and not shouts)
    )


def tokenized(text: str) -> list[str]:
    """Words, numbers and symbols in order, contractions written out, case kept."""
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    found = _TOKENS.findall(_THOUSANDS.sub("", plain))
    return [part for token in found for part in _written_out(token)]


def _written_out(token: str) -> Iterator[str]:
    lower = token.lower()
    if lower in words.CONTRACTIONS:
        yield from words.CONTRACTIONS[lower].split()
        return
    for ending, meaning in words.ENDINGS.items():
        stem = token[: -len(ending)]
        if lower.endswith(ending) and stem:
            is_verb = ending != "'s" or stem.lower() in words.POSSESSED_AFTER
            yield from [stem, *meaning.split()] if is_verb else [stem]
            return
    yield token


def _without_openings(tokens: list[str]) -> list[str]:
    """Greetings and what only asks to be answered, as often as they stand at the beginning."""
    while True:
        found = [each for each in words.OPENINGS if tuple(tokens[: len(each)]) == each]
        size = len(max(found, key=len)) if found else int(tokens[:1] in (["hi"], ["hello"]))
        if not size:
            return tokens
        tokens = tokens[size:]


def _is_kept(tokens: Sequence[str], n: int, *, is_acronym: bool) -> bool:
    word = tokens[n]
    before = tokens[n - 1] if n else ""
    is_last = n == len(tokens) - 1
    if is_acronym or (is_last and len(word) == 1):
        return True
    if word == "i":
        return bool(before) and before not in words.BEFORE_I and before not in words.QUESTIONS
    if word in words.AUXILIARIES and before in words.QUESTIONS:
        return False
    if word in words.ABLE and before in ("how", "where"):
        return False
    return word not in words.FILLERS


def _is_acronym(token: str) -> bool:
    return len(token) > 1 and token.isupper()


def _stem(word: str, raw: str) -> str:
    """Without a plural's ending; number words as digits; an acronym that is a word stays apart."""
    if _is_acronym(raw) and word in words.FILLERS | words.AUXILIARIES | {"it", "us", "who"}:
        return raw
    if word in words.NUMBERS:
        return words.NUMBERS[word]
    if len(word) < _SHORTEST_PLURAL or word.endswith(("ss", "us", "is", "news")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")
