"""Keys, tags and people of a call, bounded, and never the text of a key."""

from collections.abc import Mapping
from typing import Any

from apps.usage.imports.formats.records import MOST_TAGS
from apps.usage.imports.formats.values import rows, table, text

_SECRET_STARTS = ("sk-", "sk_", "nap_", "Bearer ")


def shown_key(value: Any) -> str | None:
    """A key's name or id; of what looks like the key itself, the last four characters."""
    name = text(value)
    if name and name.startswith(_SECRET_STARTS):
        return f"…{name[-4:]}"
    return name


def tags_of(value: Any) -> dict[str, str]:
    """Name → value of an object, or "tag" → name of a list: texts only, at most MOST_TAGS."""
    listed = {f"tag:{name}": "yes" for item in rows(value) if (name := text(item))}
    given: Mapping[str, Any] = table(value) or listed
    plain = {text(name): text(each) for name, each in given.items()}
    kept = [(name, each) for name, each in plain.items() if name and each]
    return dict(kept[:MOST_TAGS])
