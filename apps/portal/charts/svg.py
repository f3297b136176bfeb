"""Elements of SVG as safe text."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Said:
    """What a picture is for those who do not see it. id: unique on its page."""

    id: str
    title: str
    text: str


def element(name: str, *parts: SafeString | str, **attributes: str | int | float) -> SafeString:
    """`class_` is class, `text_anchor` text-anchor; texts are escaped."""
    named = format_html_join(
        "", ' {}="{}"', ((_name(key), shown(value)) for key, value in attributes.items())
    )
    return format_html("<{0}{1}>{2}</{0}>", name, named, joined(parts))


def joined(parts: Iterable[SafeString | str]) -> SafeString:
    """One after the other."""
    return format_html_join("", "{}", ((part,) for part in parts))


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


def shown(value: str | float) -> str:
    """A tenth of a pixel, and no more digits than that."""
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _name(key: str) -> str:
    return key.rstrip("_") if key == "viewBox" else key.rstrip("_").replace("_", "-")
