"""Elements of SVG as safe text."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Said:
    """What a picture is for those who do not see it. id: unique on its page."""

    id: str
    title: str
    text: str


def element(name: str, *parts: SafeString | str, **attributes: str | int | float) -> SafeString:
    """`class_` is class, `text_anchor` text-anchor; texts are escaped."""
    named = "".join(f' {_name(key)}="{_value(each)}"' for key, each in attributes.items())
    return SafeString(f"<{name}{named}>{joined(parts)}</{name}>")


def joined(parts: Iterable[SafeString | str]) -> SafeString:
    """One after the other."""
    return SafeString("".join(conditional_escape(part) for part in parts))


def picture(
    said: Said, size: tuple[int, int], kind: str, parts: Iterable[SafeString]
) -> SafeString:
    """A whole picture. kind: "wide" or "narrow"."""
    width, height = size
    title_id, text_id = f"{said.id}-{kind}-title", f"{said.id}-{kind}-text"
    return element(
        "svg",
        element("title", said.title, id=title_id),
        element("desc", said.text, id=text_id),
        *parts,
        class_=f"plot__picture plot__picture--{kind}",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=title_id,
        aria_describedby=text_id,
    )


def _value(given: str | float) -> str:
    """A tenth of a pixel, and no more digits than that; texts escaped."""
    if isinstance(given, str):
        return escape(given)
    return f"{given:.1f}" if isinstance(given, float) else str(given)


def _name(key: str) -> str:
    return key.rstrip("_") if key == "viewBox" else key.rstrip("_").replace("_", "-")
