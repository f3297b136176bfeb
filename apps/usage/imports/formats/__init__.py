"""The formats that an import reads, and how a file's own is found."""

from collections import Counter
from collections.abc import Iterable

from apps.usage.imports.formats.helicone import HELICONE
from apps.usage.imports.formats.langfuse import LANGFUSE
from apps.usage.imports.formats.litellm import LITELLM
from apps.usage.imports.formats.native import ANTHROPIC, OPENAI
from apps.usage.imports.formats.otel import OTEL
from apps.usage.imports.formats.portkey import PORTKEY
from apps.usage.imports.formats.records import Format, Record
from apps.usage.imports.formats.totals import ANTHROPIC_USAGE, OPENAI_USAGE
from apps.usage.imports.formats.values import Broken, Json

# Whoever is more particular stands first: a record may hold an answer of a provider.
FORMATS = {
    each.name: each
    for each in (
        LITELLM, HELICONE, PORTKEY, LANGFUSE, OTEL, ANTHROPIC_USAGE, OPENAI_USAGE, OPENAI,
        ANTHROPIC,
    )
}  # fmt: skip

__all__ = ["FORMATS", "Broken", "Format", "Json", "Record", "format_of"]


def format_of(records: Iterable[Json]) -> str | None:
    """The name of the format that most of `records` are of; None when none is of any."""
    votes = Counter(name for record in records if (name := _format_of(record)))
    return votes.most_common(1)[0][0] if votes else None


def _format_of(record: Json) -> str | None:
    return next((name for name, each in FORMATS.items() if each.recognises(record)), None)
