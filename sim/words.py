"""Plausible prose, a function of the seed."""

from collections.abc import Iterator

from sim.draws import Draw

_VOCABULARY = """
the a this that each every some most our their its one two three first second next last
customer invoice order report summary meeting team product service system model answer question
request result data table query index cache server cloud region budget cost price saving month
week quarter year plan policy contract review test change release version error retry limit
shows means gives takes keeps needs holds moves grows falls costs saves compares explains suggests
checks follows covers reduces improves returns includes depends works starts ends stays remains
quickly often usually rarely clearly together slowly almost nearly roughly exactly already still
with without between before after under over across through because while although however when
small large new old clear simple careful common useful likely stable open shared daily local
café naïve façade Zürich São résumé 漢字 東京 данные λόγος 🙂 🚀 €9 ½ “quoted” year’s
"""
_WORDS = _VOCABULARY.split()
_SHORTEST, _LONGEST = 8, 96  # words


def prose(draw: Draw) -> str:
    """One to some paragraphs' worth of sentences, 8 to 95 words, sometimes not ASCII."""
    wanted = _SHORTEST + draw.below(_LONGEST - _SHORTEST)
    words = [draw.pick(_WORDS) for _ in range(wanted)]
    return " ".join(_sentences(words, draw))


def _sentences(words: list[str], draw: Draw) -> Iterator[str]:
    while words:
        length = 5 + draw.below(10)
        sentence, words = " ".join(words[:length]), words[length:]
        yield f"{sentence[0].upper()}{sentence[1:]}."


def pieces(text: str, draw: Draw) -> Iterator[str]:
    """`text` in parts of 1 to 24 characters, as a model streams it; the parts join to it."""
    while text:
        length = 1 + draw.below(24)
        yield text[:length]
        text = text[length:]
